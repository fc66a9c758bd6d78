// CSV (RFC 4180) with named columns, through csv-parse.

import { type Parser, parse } from 'csv-parse';
import type { Credential } from '../../store/credential-records.ts';
import { IngestError } from '../errors.ts';
import { MAX_LINE_BYTES } from '../lines.ts';
import type { RejectReason } from '../rejects.ts';
import { decodeText } from '../text.ts';
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

type Row = Buffer[];

class CsvParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #options: CsvOptions;
  readonly #parser: Parser;
  #header: Map<keyof CsvColumns, number> | undefined;
  #failure: unknown;

  constructor(sink: CredentialSink, options: CsvOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#parser = parse({
      bom: true,
      encoding: null,
      relax_column_count: true,
      relax_quotes: true,
      skip_records_with_error: true,
      max_record_size: MAX_LINE_BYTES,
    });
    this.#parser.on('skip', () => sink.reject('malformed-row'));
    this.#parser.on('error', (error) => {
      this.#failure = error;
    });
  }

  async push(block: Buffer): Promise<void> {
    // The parser may hold what it cannot take yet, and the block may be reused by its reader.
    const drained = this.#parser.write(Buffer.from(block));
    this.#take();
    if (!drained) await new Promise(setImmediate);
    if (this.#failure) throw this.#failure;
  }

  async end(): Promise<void> {
    this.#parser.end();
    while (!this.#parser.readableEnded && !this.#failure) {
      this.#take();
      await new Promise(setImmediate);
    }
    if (this.#failure) throw this.#failure;
    // An empty file has no header either.
    if (!this.#header) this.#readHeader([]);
  }

  #take(): void {
    for (let row = this.#parser.read() as Row | null; row !== null; row = this.#parser.read() as Row | null) {
      if (!this.#header) this.#header = this.#readHeader(row);
      else {
        const parsed = this.#readRow(row, this.#header);
        if (typeof parsed === 'string') this.#sink.reject(parsed);
        else this.#sink.credential(parsed);
      }
    }
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
