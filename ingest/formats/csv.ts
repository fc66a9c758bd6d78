// CSV with named columns.

import type { Credential } from '../../store/credential-records.ts';
import { IngestError } from '../errors.ts';
import type { RejectReason } from '../rejects.ts';
import { decodeText } from '../text.ts';
import { CsvRows } from './csv-rows.ts';
import type { CorpusFormat, CorpusParser, CredentialSink } from './format.ts';

/** Names of columns in the header, compared without case. */
export interface CsvColumns {
  readonly username?: string;
  readonly password: string;
  readonly count?: string;
}

export interface CsvOptions {
  readonly columns: CsvColumns;
  /** A cell with exactly this text is an empty field on purpose, such as `<blank>`. */
  readonly blank?: string;
}

type Row = readonly Buffer[];

class CsvParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #options: CsvOptions;
  readonly #rows: CsvRows;
  #header: Map<keyof CsvColumns, number> | undefined;

  constructor(sink: CredentialSink, options: CsvOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#rows = new CsvRows({
      row: (cells) => this.#take(cells),
      malformed: () => sink.reject('malformed-row'),
      tooLong: () => sink.reject('too-long'),
    });
  }

  push(block: Buffer): void {
    this.#rows.push(block);
  }

  end(): void {
    this.#rows.end();
    // An empty file has no header either.
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

  #readHeader(row: Row): Map<keyof CsvColumns, number> {
    const names = row.map((cell) => decodeText(cell).trim().toLowerCase());
    const header = new Map<keyof CsvColumns, number>();
    for (const [role, name] of Object.entries(this.#options.columns) as [keyof CsvColumns, string][]) {
      const place = names.indexOf(name.toLowerCase());
      if (place === -1)
        throw new IngestError(
          'COLUMN_MISSING',
          `the CSV's header has no column for the ${role}`,
          'Name its columns: --columns username=NAME,password=NAME[,count=NAME].',
        );
      header.set(role, place);
    }
    return header;
  }

  #readRow(row: Row, header: Map<keyof CsvColumns, number>): Credential | RejectReason {
    if (row.length === 1 && row[0]?.length === 0) return 'blank';
    const cell = (role: keyof CsvColumns): string | undefined => {
      const bytes = row[header.get(role) ?? -1];
      return bytes === undefined ? undefined : decodeText(bytes);
    };
    const usernameCell = cell('username');
    const passwordCell = cell('password');
    const { columns, blank } = this.#options;
    if (passwordCell === undefined || (columns.username !== undefined && usernameCell === undefined))
      return 'missing-column';
    if (usernameCell?.trim() === '') return 'empty-username';
    if (passwordCell === '') return 'empty-password';
    let times = 1;
    if (columns.count !== undefined) {
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

export function csvFormat(options: CsvOptions): CorpusFormat {
  return {
    name: 'csv',
    feeds: options.columns.username === undefined ? ['password'] : ['account', 'password'],
    createParser: (sink) => new CsvParser(sink, options),
  };
}
