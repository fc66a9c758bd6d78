// The corpora that users are matched against: sources, the most recent leak first.

import fs from 'node:fs';
import path from 'node:path';
import type { ContainerLimits } from '../../ingest/containers/budget.ts';
import { type CorpusInput, openInputs } from '../../ingest/input/inputs.ts';
import type { LeftOut } from '../../ingest/input/left-out.ts';
import { monthInName } from '../../ingest/month-in-name.ts';
import { MONTH } from '../../protocol/ids.ts';
import { MatchError } from '../errors.ts';
import { recentFirst } from '../recent-first.ts';

export interface MatchSource {
  readonly name: string;
  /** Month of the breach, if it is known. */
  readonly date?: string;
  readonly inputs: readonly CorpusInput[];
}

const STATED_DATE = /^(\d{4}-\d{2}):(.+)$/s;
/** Candidates name their source by 16 bits. */
const MAX_SOURCES = 65_535;

/**
 * Opens the corpora of `--against`. A file is a source. A folder is one if its month is stated, as
 * in `2024-05:folder`; otherwise each entry of it is one. A month in a name dates its source.
 * @throws MatchError `AGAINST_EMPTY`, `SOURCE_DATE`
 * @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_OWN` and others
 */
export function openSources(against: readonly string[], limits: ContainerLimits, leftOut: LeftOut): MatchSource[] {
  const sources = against.flatMap((given) => openOne(given, limits, leftOut));
  if (sources.length === 0 || sources.length > MAX_SOURCES)
    throw new MatchError(
      'AGAINST_EMPTY',
      sources.length === 0 ? '--against leads to no corpus' : `--against leads to more than ${MAX_SOURCES} sources`,
      'Pass files, or the folder that contains the corpora.',
    );
  return recentFirst(sources, (source) => source);
}

function openOne(given: string, limits: ContainerLimits, leftOut: LeftOut): MatchSource[] {
  const [, month, rest] = STATED_DATE.exec(given) ?? [];
  const isDated = month !== undefined && !fs.existsSync(given);
  if (isDated && !MONTH.test(month))
    throw new MatchError('SOURCE_DATE', `${month} is no month`, 'Write the month of the breach as YYYY-MM:PATH.');
  const date = isDated ? month : undefined;
  const at = date === undefined ? given : (rest as string);
  const inputs = openInputs([at], limits, leftOut);
  if (date !== undefined || !fs.statSync(at).isDirectory())
    return [named(path.basename(path.resolve(at)), inputs, date)];
  const entries = Map.groupBy(inputs, (input) => entryOf(at, input));
  return [...entries].map(([name, group]) => named(name, group));
}

/** The entry of a folder that an input lies in. A folder of range files has no path. */
const entryOf = (folder: string, { path: file, name }: CorpusInput): string =>
  file === undefined ? name : (path.relative(folder, file).split(path.sep)[0] as string);

function named(name: string, inputs: readonly CorpusInput[], stated?: string): MatchSource {
  const date = stated ?? monthInName(name);
  return { name, inputs, ...(date !== undefined && { date }) };
}
