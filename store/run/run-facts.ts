// What a run says of its source, in its footer and in `credveil sources`.

import path from 'node:path';
import type { KeyId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { isName, NAME_RULE } from '../../protocol/ids.ts';
import { SUITE_NAMES, type SuiteName } from '../../protocol/suite.ts';
import type { Dataset, DatasetParameters } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { rangeLayout } from './range-record.ts';
import { RECORD_LAYOUT } from './record.ts';
import type { RecordLayout } from './record-layout.ts';

export interface InputFile {
  /** The file's name without its folder; "-" for standard input. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a section of a run holds records of. */
export type SectionName = IndexName | RangeName;
/** In the order of sections in a run. */
export const SECTION_NAMES: readonly SectionName[] = [...INDEX_NAMES, ...RANGE_NAMES];

export const SECTION_LAYOUTS: { readonly [name in SectionName]: RecordLayout } = {
  account: RECORD_LAYOUT,
  password: RECORD_LAYOUT,
  sha1: rangeLayout('sha1'),
  ntlm: rangeLayout('ntlm'),
};

/** The indexes that a plaintext password feeds in such a dataset. */
export const feedsOf = ({ indexes, ranges, hashPlaintext }: DatasetParameters): readonly SectionName[] =>
  hashPlaintext ? [...indexes, ...(ranges ?? [])] : indexes;

/** The sections of a run that a corpus makes whose format offers `feeds`. */
export function sectionsFed(parameters: DatasetParameters, feeds: readonly SectionName[]): readonly SectionName[] {
  const plaintext = feeds.includes('password') ? feedsOf(parameters) : [];
  const ranges = parameters.ranges?.filter((name) => feeds.includes(name) || plaintext.includes(name)) ?? [];
  return [...parameters.indexes.filter((name) => feeds.includes(name)), ...ranges];
}

export interface RunSection {
  readonly index: SectionName;
  readonly records: number;
}

export interface RunFacts {
  readonly suite: SuiteName;
  readonly keyId: KeyId;
  readonly normalization: number;
  readonly source: string;
  /** Month of the breach, YYYY-MM. */
  readonly date?: string;
  readonly format: string;
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  /** Lines that gave no credential, by reason. */
  readonly rejects: { readonly [reason: string]: number };
  /** What plaintext fed in the dataset that the run was made for: `feedsOf`. */
  readonly indexes: readonly SectionName[];
  /** Whether that dataset had entries of similarity forms. */
  readonly similar?: true;
  /** In the order in which they stand in the file. */
  readonly sections: readonly RunSection[];
}

/** What the maker of a run says; the rest follows from its dataset and records. */
export type NewRunFacts = Omit<RunFacts, 'indexes' | 'similar' | 'sections'>;

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
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(date))
    throw new StoreError('SOURCE_DATE', 'a source date is the month of the breach', 'Write it as YYYY-MM.');
}

/** Takes the parsed JSON of a footer. Undefined where it is not what a run writes. */
export function parseRunFacts(json: unknown): RunFacts | undefined {
  const facts = json as RunFacts | null;
  const count = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const valid =
    typeof facts === 'object' &&
    facts !== null &&
    SUITE_NAMES.includes(facts.suite) &&
    typeof facts.keyId === 'string' &&
    isName(facts.source) &&
    (facts.date === undefined || /^\d{4}-\d{2}$/.test(facts.date)) &&
    count(facts.lines) &&
    count(facts.credentials) &&
    typeof facts.format === 'string' &&
    typeof facts.rejects === 'object' &&
    facts.rejects !== null &&
    Object.values(facts.rejects).every(count) &&
    Array.isArray(facts.files) &&
    facts.files.every(
      (file) => typeof file?.name === 'string' && count(file.bytes) && typeof file.sha256 === 'string',
    ) &&
    Array.isArray(facts.indexes) &&
    facts.indexes.every((name) => SECTION_NAMES.includes(name)) &&
    (facts.similar === undefined || facts.similar === true) &&
    Array.isArray(facts.sections) &&
    facts.sections.every((section) => SECTION_NAMES.includes(section?.index) && count(section.records)) &&
    // In order and once each: a reader that passed one over would make its entries look clean.
    facts.sections.every(({ index }, i) => {
      const previous = facts.sections[i - 1];
      return !previous || SECTION_NAMES.indexOf(previous.index) < SECTION_NAMES.indexOf(index);
    });
  return valid ? facts : undefined;
}

/**
 * A run may have been made on another machine, for another dataset folder with the same key and options.
 * @throws StoreError `RUN_FOREIGN`
 */
export function assertRunBelongs({ file, facts }: { file: string; facts: RunFacts }, { parameters }: Dataset): void {
  const { keyId, suite, normalization, source } = facts;
  if (keyId !== parameters.keyId || suite !== parameters.suite || normalization !== parameters.normalization)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: it was made with another key, suite or normalization`,
      'Delete it, or copy it to the dataset that it belongs to.',
    );
  // Its credentials would be missing from an index that it was not made for, and look clean there.
  const lacking = feedsOf(parameters).filter((name) => !facts.indexes.includes(name));
  if (lacking.length > 0)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: it was made for a dataset without ${lacking.join(' and ')}`,
      'Ingest its corpus here, or where it was made into a dataset with the same --index and --hash-plaintext.',
    );
  if (facts.similar !== parameters.similar)
    throw new StoreError(
      'RUN_FOREIGN',
      `run ${file}: it was made for a dataset ${facts.similar ? 'with' : 'without'} entries of similar passwords`,
      'Ingest its corpus here, or where it was made into a dataset with the same --similar.',
    );
  if (path.basename(file) !== `${source}.run`)
    throw new StoreError('RUN_FOREIGN', `run ${file}: its source is named otherwise`, `Rename it ${source}.run.`);
}
