// When two ingests are of the same source: equal bytes, read in the same way.

import { isDeepStrictEqual } from 'node:util';
import { StoreError } from '../store/errors.ts';
import type { NameList } from '../store/retention/name-list.ts';
import type { Run } from '../store/run/run.ts';
import type { InputFile, LeftOutNames, RunFacts } from '../store/run/run-facts.ts';
import { describeOptions } from './formats/format-options.ts';
import { sameFiles, totalBytes } from './input/inputs.ts';
import type { RangeTable } from './input/range-table.ts';
import { digestInput } from './input/read-input.ts';
import type { IngestOptions } from './options.ts';

/** What the operator stated that changes what is read, as text. */
export function statedOptions(options: IngestOptions): { [option: string]: string } {
  const { format, formatOptions, skipUnrecognised, inputs, archive } = options;
  if (archive) return archive.header.options;
  const encoding = inputs[0]?.encoding;
  return {
    ...(format && { format: format.name }),
    ...describeOptions(format?.options ?? formatOptions ?? {}),
    ...(encoding !== undefined && { encoding }),
    ...(skipUnrecognised && { 'skip-unrecognised': 'yes' }),
  };
}

/** A name for the formats of a corpus, as in facts. */
export function labelOf(formats: Iterable<{ readonly name: string }>): string {
  const names = new Set([...formats].map(({ name }) => name));
  const [only] = names;
  return names.size === 1 && only !== undefined ? only : 'several';
}

/**
 * Finds the run of the same bytes under the same name. Refuses the same bytes under another name,
 * and other bytes under this name.
 * @param label of the formats that texts are recognised as
 */
export async function findEarlier(
  runs: readonly Run[],
  options: IngestOptions,
  label: string | undefined,
  base: RangeTable | undefined,
): Promise<Run | undefined> {
  const { source, inputs, archive, signal, mirror: isMirror = false } = options;
  // An archive has another length than its corpus.
  const bytes = archive ? undefined : totalBytes(inputs);
  const named = runs.find((run) => run.facts.source === source);
  const total = (run: Run): number => run.facts.files.reduce((sum, file) => sum + file.bytes, 0);
  if (!named && (bytes === undefined || !runs.some((run) => total(run) === bytes))) return undefined;
  const files: InputFile[] = [];
  if (archive) files.push(...(await archive.read(undefined, signal)).files);
  else for (const input of inputs) files.push(await digestInput(input, signal, { isMirror, base }));
  const same = findSame(runs, files, options, label);
  if (same) return refuseOrAccept(same, options, label);
  if (!named || options.replace) return undefined;
  throw new StoreError(
    'SOURCE_EXISTS',
    `source ${source} was ingested from another file`,
    'Choose another --source, or swap that source for it with --replace instead of --source.',
  );
}

/** A run of the same bytes. One that is replaced only counts if it was read in the same way. */
export function findSame(
  runs: readonly Run[],
  files: readonly InputFile[],
  options: IngestOptions,
  label: string | undefined,
): Run | undefined {
  const { replace, source, date } = options;
  const isOther = ({ facts }: Run): boolean =>
    replace === true &&
    facts.source === source &&
    !(facts.date === date && isReadAlike(facts, options, label) && leavesOutAlike(facts, options));
  return runs.find((run) => sameFiles(run.facts.files, files) && !isOther(run));
}

/**
 * Equal bytes are the same source only if they were read in the same way and their date is equal.
 */
export function refuseOrAccept(earlier: Run, options: IngestOptions, label: string | undefined): Run {
  const { facts } = earlier;
  const { source, date } = options;
  if (facts.source === source && facts.date === date && isReadAlike(facts, options, label)) return earlier;
  if (facts.source === source)
    throw new StoreError(
      'SOURCE_EXISTS',
      `source ${source} was ingested from this file as ${describeReading(facts)}`,
      'To ingest it with other options, swap it: --replace instead of --source.',
    );
  throw new StoreError(
    'SOURCE_DUPLICATE',
    `the same file was already ingested as source ${facts.source}`,
    `A second copy would count every credential twice. To change its name or format, remove ${facts.source} and ingest again.`,
  );
}

/** The list of names that an ingest leaves out, as facts have it. */
export const leftOutNames = (names: NameList): LeftOutNames => ({ list: names.id, digest: names.digest() });

const leavesOutAlike = ({ names }: RunFacts, options: IngestOptions): boolean =>
  isDeepStrictEqual(names, options.names && leftOutNames(options.names));

/** A format that is named is the same as one that was recognised, and the other way round. */
function isReadAlike(facts: RunFacts, options: IngestOptions, label: string | undefined): boolean {
  if ((facts.mirror !== undefined) !== (options.mirror ?? false)) return false;
  if (options.archive) return true;
  const { format, ...stated } = statedOptions(options);
  const { format: earlierFormat, ...earlier } = facts.options ?? {};
  if (JSON.stringify(stated) !== JSON.stringify(earlier)) return false;
  if (format === earlierFormat) return true;
  return (format ?? label) === facts.format;
}

function describeReading({ format, date, mirror, options = {} }: RunFacts): string {
  const stated = Object.entries(options).filter(([name]) => name !== 'format');
  const listed = stated.map(([name, text]) => `, ${name} ${text}`).join('');
  return `format ${format}${listed}${date ? `, date ${date}` : ''}${mirror ? ', a mirror' : ''}`;
}
