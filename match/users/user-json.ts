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
  /** Objects directly within it. */
  accounts: number;
  others: number;
}

const frameOf = (isObject: boolean, path: readonly string[] = []): Frame => ({
  ...{ isObject, path, values: new Map(), isTooLong: false, accounts: 0, others: 0 },
});

const MAX_PATH = 8;
const MAX_VALUES = 64;

class JsonUsers implements JsonHandler {
  readonly #sink: UserSink;
  readonly #columns: UserColumns;
  readonly #wanted: readonly Wanted[];
  readonly #hashPlace: number;
  /** Around all values of the text. */
  readonly #top = frameOf(false);
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
    this.#frames.push(frameOf(isObject, path));
  }

  close(): void {
    const frame = this.#frames.pop() as Frame;
    const around = this.#frames.at(-1) ?? this.#top;
    this.#member = [];
    if (!frame.isObject) this.#countOthers(frame);
    else if (this.#isAccount(frame)) {
      around.accounts++;
      this.#account(frame);
    } else around.others++;
  }

  /** The end of the text. */
  end(): void {
    this.#countOthers(this.#top);
  }

  /** An object beside accounts is one of which everything is missing. */
  #countOthers({ accounts, others }: Frame): void {
    for (let left = accounts > 0 ? others : 0; left > 0; left--) this.#sink.reject('missing-column');
  }

  /** Other objects of the text may have a member of one of these names. */
  #isAccount({ values }: Frame): boolean {
    const hasName = this.#columns.names.some((_, i) => values.has(1 + i));
    return values.has(this.#hashPlace) || (values.has(0) && hasName);
  }

  /** An account with several hashes is as many rows; which of them is in use is not known. */
  #account({ values, isTooLong }: Frame): void {
    if (isTooLong) {
      this.#sink.reject('too-long');
      return;
    }
    const { names, salt } = this.#columns;
    const saltPlace = salt === undefined ? undefined : 1 + names.length;
    const salts = (saltPlace !== undefined && values.get(saltPlace)) || [];
    const hashes = presentTexts(values.get(this.#hashPlace));
    const isSalted = salts.length === hashes.length;
    const isTwofold = [...values].some(
      ([place, texts]) => this.#isSingle(place, saltPlace) && new Set(presentTexts(texts)).size > 1,
    );
    if (isTwofold || (!isSalted && new Set(salts).size > 1)) {
      this.#sink.reject('malformed-row');
      return;
    }
    const found = names.flatMap((_, i) => values.get(1 + i) ?? []);
    for (let i = 0; i < Math.max(1, hashes.length); i++) {
      const cells = Array.from({ length: this.#hashPlace }, (_, place) => presentTexts(values.get(place))[0] ?? '');
      if (saltPlace !== undefined) cells[saltPlace] = salts[isSalted ? i : 0] ?? '';
      const row = rowOf(this.#columns, this.#withMissing(cells, values), hashes[i] ?? values.get(this.#hashPlace)?.[0]);
      this.#sink.row({ ...row, names: found });
    }
  }

  /** An id or a date of a change: an account has one. */
  #isSingle(place: number, saltPlace: number | undefined): boolean {
    const isName = place > 0 && place <= this.#columns.names.length;
    return !isName && place !== saltPlace && place !== this.#hashPlace;
  }

  #withMissing(cells: readonly string[], values: Frame['values']): (string | undefined)[] {
    return cells.map((cell, place) => (values.has(place) ? cell : undefined));
  }

  malformed(): void {
    this.#frames = [];
    this.#sink.reject('malformed-row');
  }
}

const presentTexts = (texts: readonly string[] = []): string[] => texts.filter((text) => text !== '');

export function createJsonParser(sink: UserSink, columns: UserColumns): CorpusParser {
  const users = new JsonUsers(sink, columns);
  const scanner = new JsonScanner(users);
  return {
    push: (block) => scanner.push(block),
    end() {
      scanner.end();
      users.end();
    },
  };
}

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
