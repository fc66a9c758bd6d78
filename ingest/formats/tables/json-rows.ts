// Finds the credentials among the members of JSON objects.

import type { RejectReason } from '../../rejects.ts';
import type { JsonHandler } from '../../syntax/json-scanner.ts';
import { type Columns, type ColumnUse, describeUse, secretKindOf, usernamesOf } from '../columns.ts';
import type { CredentialSink } from '../format.ts';
import { type RowRules, takeRow } from './credential-rows.ts';
import { givenNames, type Member, type Place, Places, usualNames } from './json-names.ts';

interface Value {
  readonly rank: number;
  readonly text: string;
  /** Where it stands. */
  readonly place: Place;
}

/** The values of one object that may be a credential. */
interface Frame {
  readonly isObject: boolean;
  readonly place: Place;
  logins: Value[];
  secrets: Value[];
  count: Value | undefined;
  /** What the value of a field is, in objects that have a member for each. */
  field: Member | undefined;
  value: Value | undefined;
  isTooLong: boolean;
  /** Whether it or an object in it came out as a credential or a reject. */
  isDone: boolean;
}

const MAX_VALUES = 64;
const MAX_NAMES = 40;
/** Members of password managers: fields as objects, and former passwords. */
const FIELDS = 'fields';
const FIELD_PARTS = new Map([
  ['value', 'value'],
  ['designation', 'name'],
  ['type', 'name'],
  ['label', 'name'],
  ['name', 'name'],
] as const) as ReadonlyMap<string, 'name' | 'value'>;
const HISTORY = 'passwordHistory';

/** Each object with a secret is a row, whatever is around it. */
export class JsonRows implements JsonHandler {
  readonly #sink: CredentialSink;
  readonly #places: Places;
  readonly #rules: RowRules;
  readonly #needsLogin: boolean;
  readonly #isGiven: boolean;
  readonly #unseen: Set<string>;
  #frames: Frame[] = [];
  #place: Place;
  #member: Member | undefined;
  #fieldPart: 'name' | 'value' | undefined;

  constructor(sink: CredentialSink, columns: Columns | undefined) {
    this.#sink = sink;
    const given = columns ? [...usernamesOf(columns), columns[secretKindOf(columns)] ?? ''] : [];
    this.#unseen = new Set(given);
    this.#places = new Places(columns ? givenNames(columns, this.#unseen) : usualNames);
    this.#place = this.#places.top;
    this.#isGiven = columns !== undefined;
    this.#rules = { kind: secretKindOf(columns) };
    this.#needsLogin = !columns || usernamesOf(columns).length > 0;
  }

  /** Names of members that were seen first. */
  get names(): readonly string[] {
    return this.#places.names(MAX_NAMES);
  }

  /** What of the members was read, so far. */
  get columns(): ColumnUse {
    return describeUse(this.#places.columns());
  }

  /** Whether no member had the given name. */
  lacks(name: string): boolean {
    return this.#unseen.has(name);
  }

  key(name: string): boolean {
    const around = this.#frames.at(-1)?.place ?? this.#places.top;
    this.#place = this.#places.at(around, name);
    this.#place.times++;
    this.#fieldPart = this.#isGiven || around.path.at(-1) !== FIELDS ? undefined : FIELD_PARTS.get(name);
    this.#member = this.#fieldPart ? undefined : this.#place.member;
    return this.#member !== undefined || this.#fieldPart !== undefined;
  }

  string(text: string | undefined): void {
    this.#take(text);
  }

  literal(text: string): void {
    if (text === 'true' || text === 'false') return;
    this.#take(text === 'null' ? '' : text);
  }

  #take(text: string | undefined): void {
    if (this.#fieldPart) this.#takeField(text);
    const member = this.#member;
    if (!member) return;
    const frame = this.#objectAround(member.up);
    if (!frame) return;
    const values = member.role === 'login' ? frame.logins : frame.secrets;
    if (text === undefined || values.length === MAX_VALUES) frame.isTooLong = true;
    else if (member.role === 'count') frame.count = { rank: 0, text, place: this.#place };
    else values.push({ rank: member.rank, text, place: this.#place });
  }

  #takeField(text: string | undefined): void {
    const frame = this.#frames.at(-1);
    if (!frame?.isObject) return;
    if (this.#fieldPart === 'value')
      frame.value = text === undefined ? undefined : { rank: 0, text, place: this.#place };
    else frame.field ??= usualNames(text ?? '', []);
  }

  /** The field of an object in a list is a member of the object around the list. */
  #addField({ field, value }: Frame): void {
    const row = field && value ? this.#objectAround(0) : undefined;
    if (!row || !field || !value || field.role === 'count') return;
    const values = field.role === 'login' ? row.logins : row.secrets;
    if (values.length < MAX_VALUES) values.push({ ...value, rank: field.rank });
  }

  /** @param up number of objects around the one that the member is in; arrays do not count */
  #objectAround(up: number): Frame | undefined {
    let left = up;
    for (let at = this.#frames.length - 1; at >= 0; at--) {
      const frame = this.#frames[at] as Frame;
      if (frame.isObject && left-- === 0) return frame;
    }
    return undefined;
  }

  open(isObject: boolean): void {
    const around = this.#frames.at(-1);
    // The elements of an array stand in its place.
    const place = around?.isObject ? this.#place : (around?.place ?? this.#places.top);
    if (isObject) place.hasObjects = true;
    this.#frames.push({
      isObject,
      place,
      logins: [],
      secrets: [],
      count: undefined,
      field: undefined,
      value: undefined,
      isTooLong: false,
      isDone: false,
    });
  }

  close(): void {
    const frame = this.#frames.pop() as Frame;
    const around = this.#frames.at(-1);
    this.#addField(frame);
    if (frame.isObject) {
      if (frame.secrets.length > 0 || frame.isTooLong) this.#row(frame);
      else if (this.#isIncomplete(frame, around)) this.#reject(frame, 'missing-column');
    }
    if (around && frame.isDone) around.isDone = true;
    this.#member = undefined;
  }

  /** Whether an object by itself has a login and no password, or a text has neither. */
  #isIncomplete({ isDone, logins }: Frame, around: Frame | undefined): boolean {
    if (isDone) return false;
    return around === undefined || (!around.isObject && logins.length > 0);
  }

  malformed(text: Uint8Array): void {
    this.#frames = [];
    this.#sink.reject('malformed-row', text);
  }

  #reject(frame: Frame, reason: RejectReason): void {
    frame.isDone = true;
    this.#sink.reject(reason);
  }

  #row(frame: Frame): void {
    const { logins, secrets, count, isTooLong } = frame;
    frame.isDone = true;
    if (isTooLong) {
      this.#sink.reject('too-long');
      return;
    }
    const usernames = best(logins);
    // Of former passwords, the login stands elsewhere.
    const isFormer = !this.#isGiven && frame.place.path.at(-1) === HISTORY;
    if (this.#needsLogin && usernames.length === 0 && !isFormer) {
      this.#sink.reject('missing-column');
      return;
    }
    for (const secret of best(secrets)) {
      const values = [secret, count, ...usernames];
      for (const login of usernames) login.place.readAs = 'username';
      secret.place.readAs = this.#rules.kind;
      if (count) count.place.readAs = 'count';
      const places = {
        usernames: usernames.map((_, i) => i + 2),
        secret: 0,
        count: count === undefined ? undefined : 1,
      };
      takeRow(this.#sink, places, (place) => values[place]?.text, this.#rules);
    }
  }
}

/** The values of the lowest rank of which one is not empty. */
function best(values: readonly Value[]): readonly Value[] {
  const filled = values.filter(({ text }) => text.trim() !== '');
  const rank = Math.min(...(filled.length > 0 ? filled : values).map((value) => value.rank));
  return values.filter((value) => value.rank === rank);
}
