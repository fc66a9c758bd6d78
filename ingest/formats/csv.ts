// CSV and TSV with named columns.

import type { Credential } from '../../store/run/credential-records.ts';
import { IngestError } from '../errors.ts';
import { decodeText } from '../input/text.ts';
import type { RejectReason } from '../rejects.ts';
import { type Columns, guessColumns } from './columns.ts';
import { CsvRows } from './csv-rows.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule, FormatOptions } from './format.ts';

type Row = readonly Buffer[];
/** Column index by role. */
type Header = Map<keyof Columns, number>;

class CsvParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #options: FormatOptions;
  readonly #rows: CsvRows;
  #header: Header | undefined;

  constructor(sink: CredentialSink, options: FormatOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#rows = new CsvRows(
      {
        row: (cells) => this.#take(cells),
        malformed: () => sink.reject('malformed-row'),
        tooLong: () => sink.reject('too-long'),
      },
      options.separator,
    );
  }

  push(block: Buffer): void {
    this.#rows.push(block);
  }

  end(): void {
    this.#rows.end();
    // An empty file also lacks a header.
    if (!this.#header) this.#readHeader([]);
  }

  #take(row: Row): void {
    if (!this.#header) {
      this.#header = this.#readHeader(row);
      return;
    }
    const parsed = this.#readRow(row, this.#header);
    if (typeof parsed === 'string') this.#sink.reject(parsed);
    else this.#sink.credential(parsed);
  }

  #readHeader(row: Row): Header {
    const names = row.map((cell) => decodeText(cell).trim().toLowerCase());
    const columns = this.#options.columns ?? guessColumns(names);
    const header: Header = new Map();
    for (const [role, name] of Object.entries(columns ?? { password: 'password' }) as [keyof Columns, string][]) {
      const place = names.indexOf(name.toLowerCase());
      if (place === -1) throw missingColumn(role);
      header.set(role, place);
    }
    // An unknown name must not silently drop all usernames.
    if (!this.#options.columns && !header.has('username') && names.length > header.size)
      throw missingColumn('username');
    return header;
  }

  #readRow(row: Row, header: Header): Credential | RejectReason {
    if (row.length === 1 && row[0]?.length === 0) return 'blank';
    const cell = (role: keyof Columns): string | undefined => {
      const bytes = row[header.get(role) ?? -1];
      return bytes === undefined ? undefined : decodeText(bytes);
    };
    const usernameCell = cell('username');
    const passwordCell = cell('password');
    const { blank } = this.#options;
    if (passwordCell === undefined || (header.has('username') && usernameCell === undefined)) return 'missing-column';
    if (usernameCell?.trim() === '') return 'empty-username';
    if (passwordCell === '') return 'empty-password';
    let times = 1;
    if (header.has('count')) {
      const countCell = cell('count');
      if (countCell === undefined || !/^\d{1,15}$/.test(countCell.trim()) || Number(countCell) === 0)
        return 'bad-count';
      times = Number(countCell);
    }
    const password = passwordCell === blank ? '' : passwordCell;
    if (usernameCell === undefined) return password === '' ? 'empty-password' : { password, times };
    return { username: usernameCell === blank ? '' : usernameCell, password, times };
  }
}

function missingColumn(role: keyof Columns): IngestError {
  return new IngestError(
    'COLUMN_MISSING',
    `the header has no ${role} column`,
    'Pass --columns username=NAME,password=NAME[,count=NAME]; omit username to ingest passwords only.',
  );
}

/** @param options default: the columns with usual names, and commas */
export function csvFormat(options: FormatOptions): CorpusFormat {
  const { columns, separator } = options;
  return {
    name: separator === '\t' ? 'tsv' : 'csv',
    options,
    feeds: columns && columns.username === undefined ? ['password'] : ['account', 'password'],
    createParser: (sink) => new CsvParser(sink, options),
  };
}

const SEPARATORS = [',', '\t', ';', '|'];
/** A header that names a password column is hardly ever anything else. */
const HEADER_SCORE = 0.98;

export const csvModule: FormatModule = {
  names: ['csv', 'tsv'],
  takes: ['columns', 'blank', 'separator'],
  create: (name, options) => csvFormat(name === 'tsv' ? { ...options, separator: '\t' } : options),
  recognise({ lines: [header = ''] }, options) {
    const { columns } = options;
    const cells = (separator: string): string[] =>
      header.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const named = (names: readonly string[]): boolean => {
      const known = names.map((name) => name.toLowerCase());
      return columns
        ? Object.values(columns).every((name) => known.includes(name.toLowerCase()))
        : guessColumns(names) !== undefined;
    };
    const separators = options.separator === undefined ? SEPARATORS : [options.separator];
    const separator = separators.find((candidate) => cells(candidate).length > 1 && named(cells(candidate)));
    if (separator === undefined) return undefined;
    const reasons = ['the first line names a password column'];
    return { format: csvFormat({ ...options, separator }), score: HEADER_SCORE, reasons };
  },
};
