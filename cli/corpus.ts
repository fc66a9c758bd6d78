// The inputs of an ingest and their format, given on the command line or detected.

import { type Command, Option } from 'commander';
import { DEFAULT_LIMITS, TRUSTED_LIMITS } from '../ingest/containers/budget.ts';
import type { Columns } from '../ingest/formats/columns.ts';
import { detectFormat } from '../ingest/formats/detect.ts';
import type { CorpusFormat, FormatOptions } from '../ingest/formats/format.ts';
import { createFormat, FORMAT_NAMES, takesOption } from '../ingest/formats/registry.ts';
import { createSample, SAMPLE_BYTES } from '../ingest/formats/sample.ts';
import { type CorpusInput, openInputs } from '../ingest/input/inputs.ts';
import { LeftOut } from '../ingest/input/left-out.ts';
import { sampleInput } from '../ingest/input/read-input.ts';
import { streamInput } from '../ingest/input/stream-input.ts';
import { UsageError } from './exit.ts';

export interface CorpusOptions {
  format: string;
  columns?: string;
  blank?: string;
  trustArchives?: boolean;
  mirror?: boolean;
}

export interface Corpus {
  readonly inputs: readonly CorpusInput[];
  readonly format: CorpusFormat;
  readonly isDetected: boolean;
  /** What is not read. It grows while archives are. */
  readonly leftOut: LeftOut;
}

export const AUTO = 'auto';

export function addCorpusOptions(command: Command): Command {
  return command
    .argument('[file...]', 'files and folders of the corpus, compressed or not; - reads standard input')
    .addOption(
      new Option('--format <format>', 'input format; auto detects it')
        .choices([AUTO, ...FORMAT_NAMES])
        .default(AUTO, AUTO),
    )
    .option('--columns <list>', 'columns of a table, by name or place: username=NAME,password=NAME[,count=NAME]')
    .option('--blank <text>', 'csv and tsv: the text that marks an empty cell')
    .option('--mirror', "a mirror of Have I Been Pwned's ranges: those that it lacks answer 503, not an empty range")
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

export const DETECTED = ' (detected; override it with --format)';

/** Opens the inputs, and detects their format under `--format auto`. */
export async function openCorpus(
  files: readonly string[],
  options: CorpusOptions,
  signal?: AbortSignal,
): Promise<Corpus> {
  const formatOptions: FormatOptions = {
    ...(options.columns === undefined ? {} : { columns: parseColumns(options.columns) }),
    ...(options.blank === undefined ? {} : { blank: options.blank }),
  };
  const stated = Object.keys(formatOptions) as (keyof FormatOptions)[];
  if (options.format !== AUTO && !stated.every((option) => takesOption(options.format, option)))
    throw new UsageError(
      `--columns and --blank do not apply to --format ${options.format}`,
      'Leave them out, or choose --format csv, tsv, json or json-lines.',
    );
  if (files.length === 0)
    throw new UsageError(
      'no files to ingest',
      'Name the files of the corpus, - for standard input, or --from-archive.',
    );
  if (files.includes('-') && files.length > 1)
    throw new UsageError('- cannot be combined with files', 'Ingest standard input and files as separate sources.');
  const limits = options.trustArchives ? TRUSTED_LIMITS : DEFAULT_LIMITS;
  const leftOut = new LeftOut();
  const inputs = files[0] === '-' ? [streamInput(process.stdin, limits)] : openInputs(files, limits, leftOut);
  if (options.format !== AUTO)
    return { inputs, format: createFormat(options.format, formatOptions), isDetected: false, leftOut };
  const format = await detectFirst(inputs, formatOptions, signal);
  return { inputs, format, isDetected: true, leftOut };
}

/** Detects the format of the first input that is not empty. */
async function detectFirst(
  inputs: readonly CorpusInput[],
  options: FormatOptions,
  signal: AbortSignal | undefined,
): Promise<CorpusFormat> {
  for (const input of inputs) {
    const { text, whole } = await sampleInput(input, SAMPLE_BYTES, signal);
    if (text.length > 0) return detectFormat(createSample(text, whole), options).format;
  }
  return createFormat('combo');
}
