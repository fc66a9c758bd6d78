// The inputs of an ingest and their format, given on the command line or detected.

import path from 'node:path';
import { type Command, Option } from 'commander';
import type { Reading } from '../ingest/choose-format.ts';
import { type ContainerLimits, DEFAULT_LIMITS, TRUSTED_LIMITS } from '../ingest/containers/budget.ts';
import { FORMAT_NAMES, loadFormat, takesOption } from '../ingest/format-loader.ts';
import type { Columns } from '../ingest/formats/columns.ts';
import type { FormatOptions, Labels } from '../ingest/formats/format-options.ts';
import { type CorpusInput, openInputs } from '../ingest/input/inputs.ts';
import { LeftOut } from '../ingest/input/left-out.ts';
import { streamInput } from '../ingest/input/stream-input.ts';
import { monthInName } from '../ingest/month-in-name.ts';
import { ALARM_NAMES, type AlarmName } from '../ingest/report/alarms.ts';
import { UsageError } from './exit.ts';
import { note } from './output.ts';

export interface CorpusOptions {
  format: string;
  columns?: string;
  blank?: string;
  separator?: string;
  labels?: string;
  encoding?: string;
  skipUnrecognised?: boolean;
  accept?: readonly AlarmName[];
  trustArchives?: boolean;
  mirror?: boolean;
}

export interface Corpus {
  readonly inputs: readonly CorpusInput[];
  readonly reading: Reading;
  /** What is not read. It grows while archives are. */
  readonly leftOut: LeftOut;
}

export const AUTO = 'auto';

export function addCorpusOptions(command: Command): Command {
  return addReadingOptions(
    command.argument('[file...]', 'files and folders of the corpus, compressed or not; - reads standard input'),
    '--columns',
  ).option('--mirror', "a mirror of Have I Been Pwned's ranges: those that it lacks answer 503, not an empty range");
}

/** @param columns the flag that names the columns of corpora */
export function addReadingOptions(command: Command, columns: string): Command {
  return command
    .addOption(
      new Option('--format <format>', 'input format; auto detects it')
        .choices([AUTO, ...FORMAT_NAMES])
        .default(AUTO, AUTO),
    )
    .option(`${columns} <list>`, 'columns of a table, by name or place: username=NAME,password=NAME[,count=NAME]')
    .option('--separator <text>', 'the text between two fields of a line; \\t is a tab')
    .option('--labels <list>', 'labels in blocks, beside the usual ones: username=A/B,password=C/D')
    .option('--blank <text>', 'csv and tsv: the text that marks an empty cell')
    .option('--encoding <name>', 'encoding of the text, such as windows-1251 (default: UTF-8, UTF-16 or windows-1252)')
    .option('--skip-unrecognised', 'leave out texts that are not recognised, instead of refusing the corpus')
    .addOption(
      new Option('--accept <alarm...>', 'go on although this alarm says that the corpus looks misread').choices(
        ALARM_NAMES,
      ),
    )
    .option('--trust-archives', 'lift the limits that stop archive bombs');
}

const COLUMNS_HINT =
  'Write --columns username=NAME,password=NAME[,count=NAME]; username may be repeated, and sha1 or ntlm stand for password.';

function parseColumns(text: string): Columns {
  const usernames: string[] = [];
  const columns: { password?: string; sha1?: string; ntlm?: string; count?: string } = {};
  for (const part of text.split(',')) {
    const [, role, name] = /^(username|password|sha1|ntlm|count)=(.+)$/.exec(part) ?? [];
    if (role === undefined || name === undefined)
      throw new UsageError('--columns must be a list of ROLE=NAME', COLUMNS_HINT);
    if (role === 'username') usernames.push(name);
    else columns[role as keyof typeof columns] = name;
  }
  const secrets = [columns.password, columns.sha1, columns.ntlm].filter((name) => name !== undefined);
  if (secrets.length !== 1)
    throw new UsageError(
      `--columns names ${secrets.length === 0 ? 'no' : 'more than one'} password column`,
      COLUMNS_HINT,
    );
  return { ...(usernames.length > 0 && { username: usernames }), ...columns };
}

function parseLabels(text: string): Labels {
  const labels: { username: string[]; password: string[] } = { username: [], password: [] };
  for (const part of text.split(',')) {
    const [, role, names = ''] = /^(username|password)=(.+)$/.exec(part) ?? [];
    const listed = names.split('/').map((name) => name.trim().toLowerCase());
    if (role === undefined || listed.includes(''))
      throw new UsageError(
        role === undefined ? '--labels must be a list of ROLE=LABEL' : '--labels has an empty label beside a slash',
        'Write --labels username=A/B,password=C/D: a slash stands between two labels.',
      );
    labels[role as keyof typeof labels].push(...listed);
  }
  return labels;
}

function assertEncoding(label: string): void {
  try {
    new TextDecoder(label);
  } catch {
    throw new UsageError(
      '--encoding is unknown',
      'Write a name of the WHATWG Encoding Standard, such as windows-1251, koi8-r, gbk or shift_jis.',
    );
  }
}

function parseFormatOptions({ columns, blank, separator, labels }: CorpusOptions): FormatOptions {
  return {
    ...(columns !== undefined && { columns: parseColumns(columns) }),
    ...(blank !== undefined && { blank }),
    ...(separator !== undefined && { separator: separator.replaceAll('\\t', '\t') }),
    ...(labels !== undefined && { labels: parseLabels(labels) }),
  };
}

/** How the texts of a corpus are read. @throws UsageError */
export async function parseReading(options: CorpusOptions): Promise<Reading> {
  const formatOptions = parseFormatOptions(options);
  const { format, encoding, skipUnrecognised = false } = options;
  const unfit = (Object.keys(formatOptions) as (keyof FormatOptions)[]).filter((name) => !takesOption(format, name));
  if (format !== AUTO && unfit.length > 0)
    throw new UsageError(
      `--${unfit.join(' and --')} does not apply to --format ${format}`,
      'Leave it out, or choose another format: credveil ingest --help lists them.',
    );
  if (encoding !== undefined) assertEncoding(encoding);
  return {
    ...(format === AUTO ? { formatOptions } : { format: await loadFormat(format, formatOptions) }),
    skipUnrecognised,
  };
}

export const limitsOf = ({ trustArchives }: CorpusOptions): ContainerLimits =>
  trustArchives ? TRUSTED_LIMITS : DEFAULT_LIMITS;

/** The month in the name of a source, or of all its files. One that is replaced keeps its own. */
export function namedMonth(source: string, files: readonly string[], replace?: string): string | undefined {
  if (replace !== undefined) return undefined;
  const ofFiles = new Set(files.map((file) => monthInName(path.basename(path.resolve(file)))));
  const month = monthInName(source) ?? (ofFiles.size === 1 ? [...ofFiles][0] : undefined);
  if (month !== undefined) note(`date ${month}, from the name; --date states another`);
  return month;
}

/** Opens the inputs. @throws UsageError */
export async function openCorpus(files: readonly string[], options: CorpusOptions): Promise<Corpus> {
  const reading = await parseReading(options);
  const { encoding } = options;
  if (files.length === 0)
    throw new UsageError(
      'no files to ingest',
      'Name the files of the corpus, - for standard input, or --from-archive.',
    );
  if (files.includes('-') && files.length > 1)
    throw new UsageError('- cannot be combined with files', 'Ingest standard input and files as separate sources.');
  const limits = limitsOf(options);
  const leftOut = new LeftOut();
  const opened = files[0] === '-' ? [streamInput(process.stdin, limits)] : openInputs(files, limits, leftOut);
  const inputs = encoding === undefined ? opened : opened.map((input) => ({ ...input, encoding }));
  return { inputs, reading, leftOut };
}
