// The results of `match` and `watch open` as CSV or JSON, on standard output or in new files.

import fs from 'node:fs';
import path from 'node:path';
import { MatchError } from '../../match/errors.ts';
import { csvRow } from '../../match/results.ts';
import { PRIVATE_FILE, writeFileAtomically } from '../../store/files.ts';
import { printableJson, printableLines } from '../printable.ts';

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
const writePrivate = (file: string, text: string): void =>
  writeFileAtomically(path.resolve(file), text, PRIVATE_FILE, asideOf(path.resolve(file)));

/** Where a result is written first. Nobody else uses the name: what a killed process left goes. */
export const asideOf = (file: string): string => `${file}.credveil-part`;

export const outputsOf = ({ out, unchecked }: ResultFiles): string[] =>
  [out, unchecked].filter((file) => file !== undefined).map((file) => path.resolve(file));

/**
 * Before hours of work, and again before the files are written.
 * @param started absolute paths that a killed process of the same work was writing
 * @throws MatchError `OUTPUT_EXISTS`, `OUTPUT_UNWRITABLE`
 */
export function assertNewFiles(files: ResultFiles, started: readonly string[] = []): void {
  for (const file of outputsOf(files)) {
    if (isThere(file, started.includes(file))) throw exists(file);
    if (isThere(asideOf(file), true)) throw exists(asideOf(file));
    assertWritable(file);
  }
}

/** @param mayReplace whether a regular file does not count */
function isThere(file: string, mayReplace: boolean): boolean {
  try {
    const stat = fs.lstatSync(file);
    return !(mayReplace && stat.isFile());
  } catch {
    return false;
  }
}

const exists = (file: string): MatchError =>
  new MatchError('OUTPUT_EXISTS', `${file} is there already`, 'Name a file that does not exist yet.');

function assertWritable(file: string): void {
  const aside = asideOf(file);
  try {
    fs.rmSync(aside, { force: true });
    fs.closeSync(fs.openSync(aside, 'wx', PRIVATE_FILE));
    fs.rmSync(aside);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    const why = UNWRITABLE[code] ?? `it cannot be written (${code})`;
    throw new MatchError('OUTPUT_UNWRITABLE', `${file}: ${why}`, 'Name a file in a folder where you may write.', {
      cause,
    });
  }
}

const UNWRITABLE: { readonly [code: string]: string } = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EACCES: 'this user may not write to its folder',
  EROFS: 'its file system is read-only',
  ENAMETOOLONG: 'its name is too long',
};

/** Resolves when the reader of a pipe has it. Ids and names of files must not steer a terminal. */
const writeStdout = (text: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(process.stdout.isTTY ? printableLines(text) : text, () => resolve()));

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
