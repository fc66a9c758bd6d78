// What a run says of its source, in its footer and in `credveil sources`.

import type { KeyId } from '../protocol/brands.ts';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import { SUITE_NAMES, type SuiteName } from '../protocol/suite.ts';
import { StoreError } from './errors.ts';

export interface InputFile {
  /** The file's name without its folder; "-" for standard input. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface RunSection {
  readonly index: IndexName;
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
  /** In the order in which they stand in the file. */
  readonly sections: readonly RunSection[];
}

const SOURCE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** @throws StoreError `SOURCE_NAME` */
export function assertSourceName(name: string): void {
  if (!SOURCE_NAME.test(name))
    throw new StoreError(
      'SOURCE_NAME',
      'a source name has 1 to 64 of a-z 0-9 . _ - and begins with a letter or digit',
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
    typeof facts.source === 'string' &&
    SOURCE_NAME.test(facts.source) &&
    (facts.date === undefined || /^\d{4}-\d{2}$/.test(facts.date)) &&
    count(facts.lines) &&
    count(facts.credentials) &&
    typeof facts.rejects === 'object' &&
    Array.isArray(facts.files) &&
    Array.isArray(facts.sections) &&
    facts.sections.every((section) => INDEX_NAMES.includes(section?.index) && count(section.records));
  return valid ? facts : undefined;
}
