// The results of `match` and `watch open` as CSV or JSON, on standard output or in new files.

import fs from 'node:fs';
import { MatchError } from '../../match/errors.ts';
import { csvRow } from '../../match/results.ts';
import { writeFileAtomically } from '../../store/files.ts';
import { printableJson } from '../printable.ts';

export interface ResultFiles {
  readonly out?: string;
  readonly unchecked?: string;
  readonly json?: boolean;
}

/** An account to reset. */
interface ResultRow {
  readonly account: string;
  readonly source: string;
  readonly date: string | null;
  readonly match: string;
}

/** Matched against a dataset, they have no source. */
interface Unchecked {
  readonly account: string;
  readonly reason: string;
  readonly source?: string | null;
}

const RESULT_HEADER = ['account', 'source', 'date', 'match'];
const UNCHECKED_HEADER = ['account', 'reason', 'source'];

const resultCsv = (rows: readonly ResultRow[]): string =>
  [RESULT_HEADER, ...rows.map(({ account, source, date, match }) => [account, source, date, match])]
    .map(csvRow)
    .join('');
const uncheckedCsv = (rows: readonly Unchecked[]): string =>
  [UNCHECKED_HEADER, ...rows.map(({ account, reason, source = null }) => [account, reason, source])]
    .map(csvRow)
    .join('');

/** For its user alone: it names accounts that an attacker can enter. */
const writePrivate = (file: string, text: string): void => writeFileAtomically(file, text, 0o600);

/** Before hours of work. @throws MatchError `OUTPUT_EXISTS` */
export function assertNewFiles({ out, unchecked }: ResultFiles): void {
  const file = [out, unchecked].find((name) => name !== undefined && fs.existsSync(name));
  if (file === undefined) return;
  throw new MatchError('OUTPUT_EXISTS', `${file} is there already`, 'Name a file that does not exist yet.');
}

/** Resolves when the reader of a pipe has it. */
const writeStdout = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(text, () => resolve()));

interface Result {
  readonly rows: readonly ResultRow[];
  readonly unchecked: readonly Unchecked[];
  readonly figures: object;
  /** Of sources that may be copies of the user table. */
  readonly evidence?: readonly object[];
}

export async function writeResult({ rows, unchecked, figures, evidence }: Result, options: ResultFiles): Promise<void> {
  const { out, json, unchecked: uncheckedFile } = options;
  if (uncheckedFile !== undefined) writePrivate(uncheckedFile, uncheckedCsv(unchecked));
  const text = json
    ? `${printableJson({ accounts: rows, unchecked, figures, ...(evidence && { evidence }) })}\n`
    : resultCsv(rows);
  if (out === undefined) await writeStdout(text);
  else writePrivate(out, text);
}
