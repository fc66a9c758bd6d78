// Objects of JSON with a credential each: one to a line, in an array, or in a member of a member.

import type { Credential } from '../../../store/run/credential-records.ts';
import { IngestError } from '../../errors.ts';
import { LineSplitter } from '../../input/lines.ts';
import { hasOldLineEnds } from '../../input/old-line-ends.ts';
import type { RejectReason } from '../../rejects.ts';
import { JsonScanner } from '../../syntax/json-scanner.ts';
import { roleOfName } from '../column-names.ts';
import { type Columns, columnMissing, feedsOf, secretKindOf, usernamesOf } from '../columns.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule, FormatOptions, Recognised } from '../format.ts';
import { refuse } from '../refusal.ts';
import { percent, type TextSample } from '../sample.ts';
import { JSON_NAMES } from '../table-names.ts';
import { refuseHashes } from './hashed-column.ts';
import { JsonRows } from './json-rows.ts';
import { parseSample } from './parsed-sample.ts';

/** Text of JSON, of which each object with a password is a credential. */
class JsonParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #rows: JsonRows;
  readonly #scanner: JsonScanner;
  readonly #columns: Columns | undefined;

  constructor(sink: CredentialSink, { columns }: FormatOptions) {
    this.#sink = sink;
    this.#rows = new JsonRows(sink, columns);
    this.#scanner = new JsonScanner(this.#rows);
    this.#columns = columns;
  }

  push(block: Buffer): void {
    this.#scanner.push(block);
  }

  end(): void {
    this.#scanner.end();
    assertColumns(this.#rows, this.#columns);
    this.#sink.columns?.(this.#rows.columns);
  }
}

const STAR = 0x2a;
/** What 1Password writes between two lines of a 1pif. */
const SEPARATOR = /^\*{3}[\da-f-]{36}\*{3}\s*$/i;

/** Parses each line by itself: a malformed one costs no other. */
class JsonLinesParser implements CorpusParser {
  readonly #lines: LineSplitter;
  readonly #rows: JsonRows;
  readonly #scanner: JsonScanner;
  readonly #columns: Columns | undefined;
  readonly #sink: CredentialSink;
  #found: (Credential | RejectReason)[] = [];

  constructor(sink: CredentialSink, { columns }: FormatOptions) {
    this.#sink = sink;
    this.#columns = columns;
    this.#rows = new JsonRows(
      { credential: (credential) => this.#found.push(credential), reject: (reason) => this.#found.push(reason) },
      columns,
    );
    this.#scanner = new JsonScanner(this.#rows);
    this.#lines = new LineSplitter({
      line: (line) => this.#line(line),
      tooLong: () => sink.reject('too-long'),
    });
  }

  push(block: Buffer): void {
    this.#lines.push(block);
  }

  end(): void {
    this.#lines.end();
    assertColumns(this.#rows, this.#columns);
    this.#sink.columns?.(this.#rows.columns);
  }

  #line(line: Buffer): void {
    if (line[0] === STAR && SEPARATOR.test(line.toString('latin1'))) {
      this.#sink.reject('comment', line);
      return;
    }
    this.#found = [];
    this.#scanner.push(line);
    this.#scanner.end();
    if (this.#found.includes('malformed-row')) this.#sink.reject('malformed-row', line);
    else if (this.#found.length === 0)
      this.#sink.reject(line.toString('latin1').trim() === '' ? 'blank' : 'malformed-row', line);
    else
      for (const found of this.#found)
        if (typeof found === 'string') this.#sink.reject(found, line);
        else this.#sink.credential(found);
  }
}

/**
 * A given name that no object has is a mistake, not a corpus without credentials. Objects may leave
 * out one of several usernames.
 */
function assertColumns(rows: JsonRows, columns: Columns | undefined): void {
  if (!columns || rows.names.length === 0) return;
  const kind = secretKindOf(columns);
  const secret = columns[kind] ?? '';
  if (rows.lacks(secret)) throw columnMissing({ missing: kind, name: secret }, rows.names);
  const usernames = usernamesOf(columns);
  const [name] = usernames;
  if (name !== undefined && usernames.every((each) => rows.lacks(each)))
    throw columnMissing({ missing: 'username', name }, rows.names);
}

const jsonFormat = (options: FormatOptions): CorpusFormat => ({
  name: 'json',
  options,
  feeds: feedsOf(options.columns),
  createParser: (sink) => new JsonParser(sink, options),
});

const jsonLinesFormat = (options: FormatOptions): CorpusFormat => ({
  name: 'json-lines',
  options,
  feeds: feedsOf(options.columns),
  createParser: (sink) => new JsonLinesParser(sink, options),
});

/** Share of the lines that must begin with an object: corpora are dirty. */
const HALF = 0.5;

/** Whether a line is likely an object of its own, whatever stands in the lines below. */
const isWhole = (line: string): boolean => /^\s*\{\s*"/.test(line) && /\}\s*,?\s*$/.test(line);

/** Arrays in an array, whose elements have no names. */
const ARRAYS = /^\s*\[\s*\[\s*["\d]/;

function refuseArrays(options: FormatOptions): Recognised {
  const what = 'the rows are arrays of JSON, which name no columns';
  const hint =
    "Make them CSV, as jq -r '.[] | @csv' does, and pass --format csv --columns username=N,password=N, with places from 1.";
  return refuse(jsonFormat(options), 1, what, hint);
}

export const jsonModule: FormatModule = {
  ...JSON_NAMES,
  create: (name, options) => (name === 'json' ? jsonFormat(options) : jsonLinesFormat(options)),
  recognise(sample, options) {
    const [first = ''] = sample.lines;
    const share = sample.share((line) => /^\s*\{\s*["}]/.test(line));
    const isText = /^\s*[[{]/.test(first);
    const hasLines = sample.lines.length > 1 && !hasOldLineEnds(sample.bytes);
    if (hasLines && (share > HALF || isWhole(first)) && !first.trimStart().startsWith('['))
      return measure(sample, jsonLinesFormat(options), 'lines');
    const found = isText ? measure(sample, jsonFormat(options), 'texts') : undefined;
    return found ?? (ARRAYS.test(sample.lines.slice(0, 2).join('')) ? refuseArrays(options) : undefined);
  },
};

const MEMBER = /"((?:[^"\\]|\\.){1,200})"\s*:\s*"/g;
const MIN_MEMBERS = 3;
const NEARLY_ALL = 0.9;

/** Whether texts stand in members of ever other names, none of which is that of a column. */
function isMap(bytes: Buffer): boolean {
  const names = [...bytes.toString().matchAll(MEMBER)].map(([, name = '']) => name);
  const unknown = names.filter((name) => roleOfName(name) === undefined).length;
  return names.length >= MIN_MEMBERS && unknown >= NEARLY_ALL * names.length && new Set(names).size === names.length;
}

function refuseMap(format: CorpusFormat): Recognised {
  const what = 'the objects of JSON have values by name, which may be passwords by username';
  const hint =
    'If they are, make them lines, as jq -r \'.. | objects | to_entries[] | select(.value | type == "string") | "\\(.key):\\(.value)"\' does, and ingest these with --format combo.';
  return refuse(format, 1, what, hint);
}

/** Parses the sample. @returns undefined if less than half of it is JSON */
function measure(sample: TextSample, format: CorpusFormat, what: string): Recognised | undefined {
  const parsed = parseSample(format, sample);
  const { passwords, rejects, error } = parsed;
  if (error !== undefined) {
    // Unless this is the whole text, a later object may have the given names.
    const refusal = sample.whole && error instanceof IngestError ? { refusal: error } : {};
    return { format, score: 1, reasons: ['no object of JSON has the given names'], ...refusal };
  }
  const credentials = passwords.length;
  let incomplete = 0;
  for (const [reason, count] of rejects)
    if (reason !== 'malformed-row' && reason !== 'blank' && reason !== 'comment') incomplete += count;
  // The end of a sample may be within a text.
  const malformed = (rejects.get('malformed-row') ?? 0) - (sample.whole ? 0 : 1);
  const objects = credentials + incomplete;
  const score = objects / (objects + Math.max(0, malformed));
  const isNamed = format.options.columns !== undefined;
  if (credentials === 0 && malformed <= 0 && !isNamed && isMap(sample.bytes)) return refuseMap(format);
  if (!(score > HALF)) return undefined;
  const hashed = secretKindOf(format.options.columns) === 'password' ? refuseHashes(format, parsed) : undefined;
  if (hashed) return hashed;
  const reasons = [
    `${percent(score)} of the ${what} are JSON`,
    `${percent(credentials / objects)} of them hold a credential`,
  ];
  return { format, score, reasons };
}
