// Tables with a row per line: CSV with any separator, TSV, and exports of password managers.

import { IngestError } from '../../errors.ts';
import { newStart } from '../../input/old-line-ends.ts';
import { afterStart } from '../after-start.ts';
import { hintsAtPassword, isPlaintextName, roleOfName } from '../column-names.ts';
import {
  type ColumnPlaces,
  type ColumnUse,
  columnMissing,
  describeUse,
  feedsOf,
  namedColumns,
  placeNames,
  secretKindOf,
  showHeader,
} from '../columns.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule, FormatOptions, Recognised } from '../format.ts';
import { isHash } from '../line-parser.ts';
import { type ColumnKind, columnOf } from '../lines/column-kinds.ts';
import { refuse, refuseWith } from '../refusal.ts';
import { percent, type TextSample } from '../sample.ts';
import { CSV_NAMES } from '../table-names.ts';
import { type CsvTable, DIALECT_BYTES, findTable, type NoTable } from './csv-dialect.ts';
import { isRoboForm, rowsOf } from './csv-table.ts';
import { refuseHashes } from './hashed-column.ts';
import { parseSample } from './parsed-sample.ts';

function createParser(sink: CredentialSink, options: FormatOptions): CorpusParser {
  return afterStart(DIALECT_BYTES, (start) => {
    const table = findTable(start.subarray(0, DIALECT_BYTES), options);
    if ('missing' in table) throw columnMissing(table, table.header);
    sink.columns?.(describeColumns(table, options));
    const rows = rowsOf(table, sink, options);
    rows.push(start.subarray(table.bodyAt));
    return rows;
  });
}

function describeColumns({ header, places, width }: CsvTable, { columns }: FormatOptions): ColumnUse {
  const kind = secretKindOf(columns);
  if (header) return describeUse(namedColumns(header, places, kind));
  return describeUse(namedColumns(placeNames(width), places, kind).map((column) => ({ ...column, is: 'name' })));
}

/** @param options default: the columns with usual names, and the separator of the header */
export function csvFormat(options: FormatOptions): CorpusFormat {
  return {
    name: options.separator === '\t' ? 'tsv' : 'csv',
    options,
    feeds: feedsOf(options.columns),
    createParser: (sink) => createParser(sink, options),
  };
}

const JSON_START = /^\s*(?:\{|\[\s*(?:[[{"\]]|$))/;
/** A header that names the columns of a credential is hardly ever anything else. */
const HEADER_SCORE = 1;
/** Columns were given or are missing: the text may be of another format. */
const GIVEN_SCORE = 0.9;

export const csvModule: FormatModule = {
  ...CSV_NAMES,
  create: (name, options) => csvFormat(name === 'tsv' ? { ...options, separator: '\t' } : options),
  recognise(sample, options) {
    if (JSON_START.test(sample.lines[0] ?? '')) return undefined;
    const table = findTable(newStart(sample.bytes.subarray(0, DIALECT_BYTES)), options);
    if ('missing' in table) return recogniseHeader(table, sample, options);
    // Plain lists of passwords contain this one, too.
    if (table.width === 1 && !options.columns && !/^\s*["']/.test(sample.lines[0] ?? '')) return undefined;
    const { header, places, alike } = table;
    const format = csvFormat(table.dialect.separator === '\t' ? { ...options, separator: '\t' } : options);
    const hashed =
      secretKindOf(options.columns) === 'password' ? refuseHashes(format, parseSample(format, sample)) : undefined;
    if (hashed) return hashed;
    const several = header && !options.columns ? refuseSeveral(format, header, places, sample) : undefined;
    if (several) return several;
    const reasons = [
      header ? describeHeader(header, places) : 'the columns are given by place',
      `${percent(alike)} of the rows have as many cells`,
    ];
    return {
      format,
      score: (header ? HEADER_SCORE : GIVEN_SCORE) * (alike > 0.5 || isRoboForm(header) ? 1 : alike),
      reasons,
    };
  },
};

const NO_PASSWORDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['hash', 'empty', 'constant', 'few', 'date']);
/** Share of the cells that differ from those of the password that is read. */
const SOME = 0.2;
const FEW = 0.1;

/**
 * A table may have two passwords a row, as two tables side by side have: only one is read. A column
 * whose name says that it is the plaintext is it, whatever the others have.
 */
function refuseSeveral(
  format: CorpusFormat,
  header: readonly string[],
  { secret }: ColumnPlaces,
  sample: TextSample,
): Recognised | undefined {
  if (isPlaintextName(header[secret] ?? '')) return undefined;
  const valuesAt = (place: number): readonly string[] =>
    parseSample(csvFormat({ ...format.options, columns: { password: `${place + 1}` } }), sample).passwords;
  const named = header.flatMap((name, place) => (roleOfName(name) === 'password' ? [place] : []));
  if (named.length < 2) return undefined;
  const read = new Set(valuesAt(secret));
  const isOther = (place: number): boolean => {
    const values = valuesAt(place);
    const others = values.filter((value) => !read.has(value) && !isHash(value));
    const isFilled = values.length > FEW * read.size && others.length > SOME * values.length;
    const { kind, distinct } = columnOf(values);
    return isFilled && !NO_PASSWORDS.has(kind) && distinct > FEW;
  };
  if (!named.some((place) => place !== secret && isOther(place))) return undefined;
  const flags = named.map((place) => `--columns ${username(header, place)}password=${place + 1}`).join(' or ');
  const shown = showHeader(named.map((place) => header[place] ?? ''));
  return refuse(
    format,
    HEADER_SCORE,
    `the header names several passwords with different values: ${shown}`,
    `Look at a row, and name one by place: ${flags}. Of two tables side by side, ingest each as a source.`,
  );
}

/** The login that stands before a password, or the first one. */
function username(header: readonly string[], password: number): string {
  const isLogin = (name: string): boolean => roleOfName(name) === 'login';
  const before = header.slice(0, password).findLastIndex(isLogin);
  const place = before === -1 ? header.findIndex(isLogin) : before;
  return place === -1 ? '' : `username=${place + 1},`;
}

/** Of a list of columns in a reason. */
const MAX_NAMES_LENGTH = 150;

function describeHeader(header: readonly string[], { usernames, secret }: ColumnPlaces): string {
  const namesAt = (places: readonly number[]): string =>
    showHeader(
      places.map((place) => header[place] ?? ''),
      MAX_NAMES_LENGTH,
    );
  const login = usernames.length === 0 ? 'no login' : `the login (${namesAt(usernames)})`;
  return `the header names the password (${namesAt([secret])}) and ${login}`;
}

/** @returns a refusal if a column of hashes has a name that speaks of no password */
function namedHashes(header: readonly string[], [names = '', row = '']: readonly string[]): IngestError | undefined {
  if (!header.some((name) => roleOfName(name) === 'login') || !header.every(isName)) return undefined;
  const separator = /[^\p{L}\p{N}_" -]/u.exec(names)?.[0] ?? ',';
  const cells = row.split(separator).map((cell) => cell.replace(/^["']|["']$/g, ''));
  const place = header.findIndex((name, i) => roleOfName(name) !== 'hash' && isHash(cells[i] ?? ''));
  if (place === -1 || cells.length !== header.length) return undefined;
  return new IngestError(
    'FORMAT_UNRECOGNISED',
    `the header names no password, and hashes in column ${place + 1}`,
    'Leave the file out; if they are unsalted hashes of passwords, name the column: --columns sha1=NAME or ntlm=NAME.',
  );
}

const isName = (text: string): boolean => /^[\p{L}][\p{L}_ -]*$/u.test(text.trim());

/** Names of which two are usual, or one beside a word for a password. */
function isLikeHeader(header: readonly string[]): boolean {
  const usual = header.filter((name) => roleOfName(name) !== undefined).length;
  const hints = header.filter((name) => hintsAtPassword(name) && roleOfName(name) === undefined).length;
  return usual >= 2 || (usual === 1 && hints > 0);
}

/** A header that lacks a column is still one: its parser refuses it and shows it. */
function recogniseHeader(
  { header, missing }: NoTable,
  { lines }: TextSample,
  options: FormatOptions,
): Recognised | undefined {
  const format = csvFormat(options);
  if (options.columns)
    return /^\s*[[{]/.test(lines[0] ?? '')
      ? undefined
      : { format, score: GIVEN_SCORE, reasons: ['no header has the given columns'] };
  if (header.length < 2) return undefined;
  for (const kind of ['sha1', 'ntlm'] as const) {
    const name = header.find((text) => roleOfName(text) === kind);
    if (missing === 'password' && name !== undefined)
      return {
        format: csvFormat({ ...options, columns: { [kind]: name } }),
        score: HEADER_SCORE,
        reasons: [`the header names a column of ${kind}`],
      };
  }
  const hashes = missing === 'password' ? namedHashes(header, lines) : undefined;
  if (hashes) return refuseWith(hashes, format, HEADER_SCORE);
  if (!isLikeHeader(header)) return undefined;
  return { format, score: GIVEN_SCORE, reasons: [`the first line looks like a header without a ${missing} column`] };
}
