// The facts of a run: a description of its source, at the end of its file and in `credveil
// sources`.

import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { KeyId } from '../../protocol/brands.ts';
import { RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { isKeyId, isName, MONTH, NAME_RULE } from '../../protocol/ids.ts';
import { areUsernameRules, type UsernameRule } from '../../protocol/normalize.ts';
import { MAX_SIMILAR_FORMS } from '../../protocol/private-input.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import type { Dataset } from '../dataset.ts';
import type { DatasetParameters } from '../dataset-parameters.ts';
import { isDay } from '../day.ts';
import { StoreError } from '../errors.ts';
import { parseRangeSet } from './range-set.ts';
import { isOptions, isRunReport, type RunReport } from './run-report.ts';
import { SECTION_NAMES, type SectionName } from './sections.ts';

export interface InputFile {
  /** Its path below the folder that was named, else its name; "-" for standard input. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What decides which indexes a corpus feeds. */
export type FedParameters = Pick<DatasetParameters, 'indexes' | 'ranges' | 'hashPlaintext'>;

/** The indexes that a plaintext password feeds in this dataset. */
export const feedsOf = ({ indexes, ranges, hashPlaintext }: FedParameters): readonly SectionName[] =>
  hashPlaintext ? [...indexes, ...(ranges ?? [])] : indexes;

/** The sections of a run from a corpus whose format feeds these indexes. */
export function sectionsFed(parameters: FedParameters, feeds: readonly SectionName[]): readonly SectionName[] {
  const plaintext = feeds.includes('password') ? feedsOf(parameters) : [];
  const ranges = parameters.ranges?.filter((name) => feeds.includes(name) || plaintext.includes(name)) ?? [];
  return [...parameters.indexes.filter((name) => feeds.includes(name)), ...ranges];
}

export interface RunSection {
  readonly index: SectionName;
  readonly records: number;
  /** Records of kind 2: the distinct usernames. In the section `account` only. */
  readonly usernames?: number;
}

export interface RunFacts {
  readonly suite: SuiteName;
  readonly keyId: KeyId;
  readonly normalization: number;
  readonly source: string;
  /** Month of the breach, YYYY-MM. */
  readonly date?: string;
  /** The day from which on the source is left out, YYYY-MM-DD in UTC. */
  readonly expires?: string;
  /** Of all texts, or `several`. */
  readonly format: string;
  /** What the operator stated about how to read it. */
  readonly options?: { readonly [option: string]: string };
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  /** Number of rejected lines, by reason. */
  readonly rejects: { readonly [reason: string]: number };
  readonly report?: RunReport;
  /** The indexes that plaintext fed in the run's original dataset: `feedsOf`. */
  readonly indexes: readonly SectionName[];
  /** That dataset had entries of similarity forms. */
  readonly similar?: true;
  /** The rules of that dataset for usernames. */
  readonly usernameRules?: readonly UsernameRule[];
  /** The corpus was a mirror of all ranges. */
  readonly mirror?: MirrorFacts;
  /** The names that were left out while it was ingested, if the dataset had a list. */
  readonly names?: LeftOutNames;
  /** In the order of the file. */
  readonly sections: readonly RunSection[];
}

/** A list of names, and what it held. */
export interface LeftOutNames {
  readonly list: string;
  readonly digest: string;
}

/** What a mirror of Have I Been Pwned's ranges lacks. */
export interface MirrorFacts {
  readonly index: RangeName;
  /** Ranges that it has not, or not as a whole: a RangeSet as text. */
  readonly gaps: string;
}

/** The facts that the caller provides. The others follow from the dataset and the records. */
export type NewRunFacts = Omit<RunFacts, 'indexes' | 'similar' | 'usernameRules' | 'sections'>;

/** @throws StoreError `SOURCE_NAME` */
export function assertSourceName(name: string): void {
  if (!isName(name))
    throw new StoreError(
      'SOURCE_NAME',
      `a source name has ${NAME_RULE}`,
      'Choose a short name such as collection1-2019.',
    );
}

/** @throws StoreError `SOURCE_DATE` */
export function assertSourceDate(date: string): void {
  if (!MONTH.test(date))
    throw new StoreError('SOURCE_DATE', 'a source date is the month of the breach', 'Write it as YYYY-MM.');
}

/** Longer than any file system allows. */
const MAX_FILE_NAME = 4096;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isInputFile = (file: InputFile | null): boolean =>
  typeof file?.name === 'string' &&
  file.name.length <= MAX_FILE_NAME &&
  isCount(file.bytes) &&
  /^[0-9a-f]{64}$/.test(file.sha256);

const isMirror = (mirror: MirrorFacts | null): boolean =>
  RANGE_NAMES.includes(mirror?.index as RangeName) && parseRangeSet(mirror?.gaps) !== undefined;

const isLeftOutNames = (names: LeftOutNames | null): boolean =>
  /^[0-9a-f]{16}$/.test(names?.list ?? '') && /^[0-9a-f]{32}$/.test(names?.digest ?? '');

/** In order and once each: a reader that skipped one would make its entries look clean. */
const isOrdered = (names: readonly SectionName[]): boolean =>
  names.every((name, i) => {
    const previous = names[i - 1];
    return SECTION_NAMES.includes(name) && (!previous || SECTION_NAMES.indexOf(previous) < SECTION_NAMES.indexOf(name));
  });

/** Whether the counts explain each other: every line, and no more records than credentials make. */
function countsFit({ lines, credentials, rejects, sections, similar }: RunFacts): boolean {
  const rejected = Object.values(rejects).reduce((sum, count) => sum + count, 0);
  const perCredential = (index: SectionName): number =>
    index === 'account' ? 2 + (similar ? MAX_SIMILAR_FORMS : 0) : 1;
  return (
    lines === credentials + rejected &&
    sections.every(({ index, records }) => records <= credentials * perCredential(index))
  );
}

/** Whether a section has the number of its usernames where it has some. */
const countsUsernames = ({ index, records, usernames }: RunSection): boolean =>
  index === 'account' ? isCount(usernames) && usernames <= records : usernames === undefined;

/** Checks the parsed JSON of a run's facts. @returns undefined if a member is missing or invalid */
export function parseRunFacts(json: unknown): RunFacts | undefined {
  const facts = json as RunFacts | null;
  const valid =
    typeof facts === 'object' &&
    facts !== null &&
    SUITE_NAMES.includes(facts.suite) &&
    isKeyId(facts.keyId) &&
    isName(facts.source) &&
    (facts.date === undefined || (typeof facts.date === 'string' && MONTH.test(facts.date))) &&
    (facts.expires === undefined || isDay(facts.expires)) &&
    isCount(facts.lines) &&
    isCount(facts.credentials) &&
    // Names, since the command prints them.
    isName(facts.format) &&
    (facts.options === undefined || isOptions(facts.options)) &&
    (facts.report === undefined || isRunReport(facts.report)) &&
    typeof facts.rejects === 'object' &&
    facts.rejects !== null &&
    !Array.isArray(facts.rejects) &&
    Object.entries(facts.rejects).every(([reason, count]) => isName(reason) && isCount(count)) &&
    Array.isArray(facts.files) &&
    facts.files.every(isInputFile) &&
    Array.isArray(facts.indexes) &&
    facts.indexes.every((name) => SECTION_NAMES.includes(name)) &&
    new Set(facts.indexes).size === facts.indexes.length &&
    (facts.similar === undefined || facts.similar === true) &&
    (facts.usernameRules === undefined || areUsernameRules(facts.usernameRules)) &&
    (facts.mirror === undefined || isMirror(facts.mirror)) &&
    (facts.names === undefined || isLeftOutNames(facts.names)) &&
    Array.isArray(facts.sections) &&
    facts.sections.every((section) => isCount(section?.records)) &&
    facts.sections.every(countsUsernames) &&
    isOrdered(facts.sections.map(({ index }) => index)) &&
    countsFit(facts);
  return valid ? facts : undefined;
}

/**
 * Checks that a run fits this dataset. It may come from another machine and dataset with the same
 * key and options.
 * @throws StoreError `RUN_FOREIGN`
 */
export function assertRunBelongs({ file, facts }: { file: string; facts: RunFacts }, { parameters }: Dataset): void {
  const { keyId, suite, normalization, source } = facts;
  if (keyId !== parameters.keyId || suite !== parameters.suite || normalization !== parameters.normalization)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: made with another key, suite or normalization`,
      'Delete it, or move it to its own dataset.',
    );
  // In an index that the run does not feed, its credentials would look clean.
  const lacking = feedsOf(parameters).filter((name) => !facts.indexes.includes(name));
  if (lacking.length > 0)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: made for a dataset without ${lacking.join(' and ')}`,
      'Ingest its corpus here, or again elsewhere into a dataset with the same --index and --hash-plaintext.',
    );
  if (facts.similar !== parameters.similar)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: made for a dataset ${facts.similar ? 'with' : 'without'} entries of similar passwords`,
      'Ingest its corpus here, or again elsewhere into a dataset with the same --similar.',
    );
  if (!isDeepStrictEqual(facts.usernameRules, parameters.usernameRules))
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: made for a dataset with other rules for usernames`,
      'Ingest its corpus here, or again elsewhere into a dataset with the same --username-rules.',
    );
  if (path.basename(file) !== `${source}.run`)
    throw new StoreError('RUN_FOREIGN', `run ${file}: file name does not match its source`, `Rename it ${source}.run.`);
}
