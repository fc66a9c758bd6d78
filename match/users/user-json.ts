// User tables in JSON: an object for each account, in an array, on a line, or within another.

import type { CorpusParser } from '../../ingest/formats/format.ts';
import { LineSplitter } from '../../ingest/input/lines.ts';
import type { RejectReason } from '../../ingest/rejects.ts';
import { type JsonHandler, JsonScanner } from '../../ingest/syntax/json-scanner.ts';
import { columnNames, rowOf, type UserColumns, type UserRow, type UserSink } from './user-rows.ts';

interface Wanted {
  /** Its place among id, names, salt and hash. */
  readonly place: number;
  /** A path such as `profile.email`, in lower case. */
  readonly steps: readonly string[];
}

interface Frame {
  readonly isObject: boolean;
  /** The names of the objects around its members. */
  readonly path: readonly string[];
  /** By place. A name may have several: an array of addresses. */
  readonly values: Map<number, string[]>;
  isTooLong: boolean;
}

const MAX_PATH = 8;
const MAX_VALUES = 64;

class JsonUsers implements JsonHandler {
  readonly #sink: UserSink;
  readonly #columns: UserColumns;
  readonly #wanted: readonly Wanted[];
  readonly #hashPlace: number;
  #frames: Frame[] = [];
  #key = '';
  #member: readonly Wanted[] = [];

  constructor(sink: UserSink, columns: UserColumns) {
    this.#sink = sink;
    this.#columns = columns;
    const all = columnNames(columns);
    this.#hashPlace = all.length - 1;
    this.#wanted = all.map((name, place) => ({ place, steps: name.toLowerCase().split('.') }));
  }

  key(name: string): boolean {
    this.#key = name;
    const path = [...(this.#frames.at(-1)?.path ?? []), name];
    this.#member = this.#wanted.filter(({ steps }) =>
      steps.every((step, i) => step === path[path.length - steps.length + i]?.toLowerCase()),
    );
    return this.#member.length > 0;
  }

  string(text: string | undefined): void {
    this.#take(text);
  }

  literal(text: string): void {
    this.#take(text === 'null' ? '' : text);
  }

  #take(text: string | undefined): void {
    let at = this.#frames.length - 1;
    while (at > 0 && !this.#frames[at]?.isObject) at--;
    for (const { place, steps } of this.#member) {
      const frame = this.#frames[at - steps.length + 1];
      if (!frame?.isObject) continue;
      const values = frame.values.get(place) ?? [];
      if (text === undefined || values.length === MAX_VALUES) frame.isTooLong = true;
      else frame.values.set(place, [...values, text]);
    }
  }

  open(isObject: boolean): void {
    const around = this.#frames.at(-1);
    const path = around?.isObject && isObject ? [...around.path, this.#key].slice(-MAX_PATH) : [];
    this.#frames.push({ isObject, path, values: new Map(), isTooLong: false });
  }

  close(): void {
    const { isObject, values, isTooLong } = this.#frames.pop() as Frame;
    this.#member = [];
    if (!isObject) return;
    const { names } = this.#columns;
    const found = names.flatMap((_, i) => values.get(1 + i) ?? []);
    // Other objects of the text may have a member of one of these names.
    const isAccount = values.has(0) && (values.has(this.#hashPlace) || found.length > 0);
    if (!isAccount && !values.has(this.#hashPlace)) return;
    if (isTooLong) this.#sink.reject('too-long');
    else this.#sink.row({ ...this.#rowOf(values), names: found });
  }

  #rowOf(values: Map<number, string[]>): UserRow {
    const cells = Array.from({ length: this.#hashPlace }, (_, place) => values.get(place)?.[0]);
    return rowOf(this.#columns, cells, values.get(this.#hashPlace)?.[0]);
  }

  malformed(): void {
    this.#frames = [];
    this.#sink.reject('malformed-row');
  }
}

export const createJsonParser = (sink: UserSink, columns: UserColumns): CorpusParser =>
  new JsonScanner(new JsonUsers(sink, columns));

/** Parses each line by itself: a malformed one costs no other. */
export function createJsonLinesParser(sink: UserSink, columns: UserColumns): CorpusParser {
  let found: (UserRow | RejectReason)[] = [];
  const scanner = new JsonScanner(
    new JsonUsers({ row: (row) => found.push(row), reject: (reason) => found.push(reason) }, columns),
  );
  const lines = new LineSplitter({
    line(line) {
      found = [];
      scanner.push(line);
      scanner.end();
      if (line.toString('latin1').trim() === '') return;
      if (found.length === 0) sink.reject('missing-column');
      else if (found.includes('malformed-row')) sink.reject('malformed-row');
      else
        for (const result of found)
          if (typeof result === 'string') sink.reject(result);
          else sink.row(result);
    },
    tooLong: () => sink.reject('too-long'),
  });
  return { push: (block) => lines.push(block), end: () => lines.end() };
}
