// What an ingest reports of each text of its corpus, kept in the facts of its run. PROTOCOL.md §11.

import { isName } from '../../protocol/ids.ts';

export interface ReportedText {
  /** Its path in the corpus, cut at 512 characters. */
  readonly name: string;
  readonly format: string;
  /** The options of its format, stated or recognised: separator, columns and others. */
  readonly options: { readonly [option: string]: string };
  /** 0 to 1; 1 if the operator named the format. */
  readonly score: number;
  readonly reasons: readonly string[];
  /** Of a table: the columns that were read, by role, and the others. */
  readonly columns?: { readonly used: readonly string[]; readonly unused: readonly string[] };
  readonly credentials: number;
  /** Masked examples: the shape of a line, with its first and last character. */
  readonly rejects: readonly {
    readonly reason: string;
    readonly lines: number;
    readonly examples: readonly string[];
  }[];
  /** Alarms that the operator accepted, with the share of the credentials. */
  readonly alarms: readonly { readonly name: string; readonly share: number }[];
}

/** A planted account, by its id: the lines with its name, and those with its password too. */
export interface PlantedFound {
  readonly id: string;
  readonly names: number;
  readonly pairs: number;
}

export interface RunReport {
  readonly texts: readonly ReportedText[];
  /** Texts that are not described. */
  readonly otherTexts: number;
  /** Accounts of the operator's own user table that it planted; absent if there are none. */
  readonly planted?: readonly PlantedFound[];
  /** What was not read: files, folders and entries of archives. */
  readonly leftOut: readonly { readonly why: string; readonly count: number; readonly names: readonly string[] }[];
}

const MAX_TEXTS = 10_000;
export const MAX_PLANTED = 1000;
const MAX_TEXT = 4096;
const MAX_LIST = 1000;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= MAX_TEXT;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
const isList = <T>(value: unknown, of: (item: T) => boolean): value is readonly T[] =>
  Array.isArray(value) && value.length <= MAX_LIST && value.every(of);
const isTexts = (value: unknown): boolean => isList(value, isText);

/** Options by name, as an operator may state them. */
export const isOptions = (value: unknown): value is { readonly [option: string]: string } =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(([name, text]) => isName(name) && isText(text));

const isReportedText = (text: ReportedText | null): boolean =>
  typeof text === 'object' &&
  text !== null &&
  isText(text.name) &&
  isName(text.format) &&
  isOptions(text.options) &&
  isShare(text.score) &&
  isTexts(text.reasons) &&
  (text.columns === undefined || (isTexts(text.columns?.used) && isTexts(text.columns?.unused))) &&
  isCount(text.credentials) &&
  isList<ReportedText['rejects'][number] | null>(
    text.rejects,
    (reject) => reject !== null && isName(reject.reason) && isCount(reject.lines) && isTexts(reject.examples),
  ) &&
  isList<ReportedText['alarms'][number] | null>(
    text.alarms,
    (alarm) => alarm !== null && isName(alarm.name) && isShare(alarm.share),
  );

/** Checks parsed JSON. */
export function isRunReport(value: unknown): value is RunReport {
  const report = value as RunReport | null;
  return (
    typeof report === 'object' &&
    report !== null &&
    isCount(report.otherTexts) &&
    (report.planted === undefined ||
      isList<PlantedFound | null>(
        report.planted,
        (found) => isName(found?.id) && isCount(found?.names) && isCount(found?.pairs),
      )) &&
    isList<RunReport['leftOut'][number] | null>(
      report.leftOut,
      (group) => group !== null && isText(group.why) && isCount(group.count) && isTexts(group.names),
    ) &&
    Array.isArray(report.texts) &&
    report.texts.length <= MAX_TEXTS &&
    report.texts.every(isReportedText)
  );
}
