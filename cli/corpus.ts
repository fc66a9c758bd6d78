// What ingest and its dry run read: the inputs and their format, as the command line says or as they look.

import { type Command, Option } from 'commander';
import { type ContainerLimits, DEFAULT_LIMITS } from '../ingest/containers/budget.ts';
import type { Columns } from '../ingest/formats/columns.ts';
import { detectFormat, SAMPLE_BYTES } from '../ingest/formats/detect.ts';
import type { CorpusFormat } from '../ingest/formats/format.ts';
import { createFormat, FORMAT_NAMES, takesColumns } from '../ingest/formats/registry.ts';
import { type CorpusInput, openInputs, sampleInput, streamInput } from '../ingest/input/inputs.ts';
import { UsageError } from './exit.ts';

export interface CorpusOptions {
  format: string;
  columns?: string;
  blank?: string;
  maxRatio: number;
  maxDepth: number;
  maxEntries: number;
}

export interface Corpus {
  readonly inputs: readonly CorpusInput[];
  readonly format: CorpusFormat;
}

const AUTO = 'auto';

/** A limit that is lifted by a number, as high as one likes. */
function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new UsageError('a limit is a whole number, 1 or more', 'Write it in digits, as in --max-ratio 1000.');
  return Number(text);
}

export function addCorpusOptions(command: Command): Command {
  const { maxRatio, maxDepth, maxEntries } = DEFAULT_LIMITS;
  return command
    .argument('<file...>', 'files and folders of the corpus, packed or not; - reads standard input')
    .addOption(
      new Option('--format <format>', 'what a line is; auto looks').choices([AUTO, ...FORMAT_NAMES]).default(AUTO),
    )
    .option('--columns <list>', 'csv, tsv, json-lines: username=NAME,password=NAME[,count=NAME]')
    .option('--blank <text>', 'csv, tsv: a cell with this text is empty on purpose')
    .option('--max-ratio <n>', 'unpacked bytes for a packed one, beyond 64 MiB', parseLimit, maxRatio)
    .option('--max-depth <n>', 'containers inside of one another', parseLimit, maxDepth)
    .option('--max-entries <n>', 'entries in the archives of a file', parseLimit, maxEntries);
}

function parseColumns(text: string): Columns {
  const columns: { username?: string; password?: string; count?: string } = {};
  for (const part of text.split(',')) {
    const [, role, name] = /^(username|password|count)=(.+)$/.exec(part) ?? [];
    if (role === undefined || name === undefined)
      throw new UsageError(
        '--columns is a list of role=NAME',
        'Write --columns username=NAME,password=NAME[,count=NAME].',
      );
    columns[role as keyof typeof columns] = name;
  }
  const { password, ...others } = columns;
  if (password === undefined)
    throw new UsageError('--columns has no password', 'Write --columns username=NAME,password=NAME[,count=NAME].');
  return { ...others, password };
}

/** Opens the inputs, and says on stderr what `--format auto` found. */
export async function openCorpus(
  files: readonly string[],
  options: CorpusOptions,
  signal?: AbortSignal,
): Promise<Corpus> {
  const formatOptions = {
    ...(options.columns === undefined ? {} : { columns: parseColumns(options.columns) }),
    ...(options.blank === undefined ? {} : { blank: options.blank }),
  };
  if (Object.keys(formatOptions).length > 0 && options.format !== AUTO && !takesColumns(options.format))
    throw new UsageError('--columns and --blank go with tables', 'Leave them out, or add --format csv.');
  if (files.includes('-') && files.length > 1)
    throw new UsageError('- stands alone', 'Give either files or standard input.');
  const { maxRatio, maxDepth, maxEntries } = options;
  const limits: ContainerLimits = { maxRatio, maxDepth, maxEntries };
  const inputs = files[0] === '-' ? [streamInput(process.stdin, limits)] : openInputs(files, limits);
  if (options.format !== AUTO) return { inputs, format: createFormat(options.format, formatOptions) };
  const format = await lookAtFirst(inputs, formatOptions, signal);
  process.stderr.write(`format ${format.name}, by the first lines; --format names another\n`);
  return { inputs, format };
}

/** The first input that has any text decides. */
async function lookAtFirst(
  inputs: readonly CorpusInput[],
  options: Parameters<typeof detectFormat>[2],
  signal: AbortSignal | undefined,
): Promise<CorpusFormat> {
  for (const input of inputs) {
    const { text, whole } = await sampleInput(input, SAMPLE_BYTES, signal);
    if (text.length > 0) return detectFormat(text, whole, options);
  }
  return detectFormat(Buffer.alloc(0), true, options);
}
