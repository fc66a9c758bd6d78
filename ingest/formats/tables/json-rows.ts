// Finds the credentials among the members of JSON objects.

import type { RejectReason } from '../../rejects.ts';
import type { JsonHandler } from '../../syntax/json-scanner.ts';
import { passwordRank, roleOfName } from '../column-names.ts';
import { type Columns, secretKindOf, usernamesOf } from '../columns.ts';
import type { CredentialSink } from '../format.ts';
import { type RowRules, takeRow } from './credential-rows.ts';

/**
 * What a member holds. Of several secrets or logins of one object, those of the lowest rank count.
 */
interface Member {
  readonly role: 'login' | 'secret' | 'count';
  readonly rank: number;
  /** The object that it belongs to: 0 for the one it is in, 1 for the one around that. */
  readonly up: number;
}

/** @param around the names of the objects directly around the member */
type Names = (name: string, around: readonly string[]) => Member | undefined;

/** Usual names of members, wherever they are. */
const usualNames: Names = (name) => {
  switch (roleOfName(name)) {
    case 'login':
      return { role: 'login', rank: 0, up: 0 };
    case 'weak-login':
      return { role: 'login', rank: 1, up: 0 };
    case 'password':
      return { role: 'secret', rank: passwordRank(name), up: 0 };
    case 'count':
      return { role: 'count', rank: 0, up: 0 };
    default:
      return undefined;
  }
};

/** The given names, each of which may be a path such as `_source.email`. */
function givenNames(columns: Columns, unseen: Set<string>): Names {
  const wanted: { readonly name: string; readonly role: Member['role'] }[] = [];
  for (const name of usernamesOf(columns)) wanted.push({ name, role: 'login' });
  wanted.push({ name: columns[secretKindOf(columns)] ?? '', role: 'secret' });
  if (columns.count !== undefined) wanted.push({ name: columns.count, role: 'count' });
  const paths = wanted.map(({ name, role }) => ({
    name,
    role,
    whole: name.toLowerCase(),
    steps: name.toLowerCase().split('.'),
  }));
  // The innermost object that has all of them is the row.
  const shared = sharedSteps(paths.map(({ steps }) => steps));
  return (name, around) => {
    const key = name.toLowerCase();
    const path = [...around, name];
    for (const { name: given, role, whole, steps } of paths) {
      if (key === whole) {
        unseen.delete(given);
        return { role, rank: 0, up: 0 };
      }
      if (steps.length > path.length) continue;
      if (steps.every((step, i) => step === path[path.length - steps.length + i]?.toLowerCase())) {
        unseen.delete(given);
        return { role, rank: 0, up: steps.length - 1 - shared };
      }
    }
    return undefined;
  };
}

/** The number of steps that all paths begin with, without the last one of each. */
function sharedSteps(paths: readonly (readonly string[])[]): number {
  const [first = []] = paths;
  let shared = 0;
  while (paths.every((steps) => shared < steps.length - 1 && steps[shared] === first[shared])) shared++;
  return shared;
}

interface Value {
  readonly rank: number;
  readonly text: string;
}

/** The values of one object that may be a credential. */
interface Frame {
  readonly isObject: boolean;
  /** Names of the objects directly around, and of the member itself. */
  readonly path: readonly string[];
  logins: Value[];
  secrets: Value[];
  count: string | undefined;
  /** What the value of a field is, in objects that have a member for each. */
  field: Member | undefined;
  value: string | undefined;
  isTooLong: boolean;
  /** Whether it or an object in it came out as a credential or a reject. */
  isDone: boolean;
}

const MAX_VALUES = 64;
const MAX_NAMES = 40;
const MAX_PATH = 8;
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
const NO_PATH: readonly string[] = [];

/** Each object with a secret is a row, whatever is around it. */
export class JsonRows implements JsonHandler {
  readonly #sink: CredentialSink;
  readonly #names: Names;
  readonly #rules: RowRules;
  readonly #needsLogin: boolean;
  readonly #isGiven: boolean;
  readonly #seen = new Set<string>();
  readonly #unseen: Set<string>;
  #frames: Frame[] = [];
  #key = '';
  #member: Member | undefined;
  #fieldPart: 'name' | 'value' | undefined;

  constructor(sink: CredentialSink, columns: Columns | undefined) {
    this.#sink = sink;
    const given = columns ? [...usernamesOf(columns), columns[secretKindOf(columns)] ?? ''] : [];
    this.#unseen = new Set(given);
    this.#names = columns ? givenNames(columns, this.#unseen) : usualNames;
    this.#isGiven = columns !== undefined;
    this.#rules = { kind: secretKindOf(columns) };
    this.#needsLogin = !columns || usernamesOf(columns).length > 0;
  }

  /** Names of members that were seen first, where names are given. */
  get names(): readonly string[] {
    return [...this.#seen];
  }

  /** Whether no member had the given name. */
  lacks(name: string): boolean {
    return this.#unseen.has(name);
  }

  key(name: string): boolean {
    this.#key = name;
    const around = this.#frames.at(-1)?.path ?? NO_PATH;
    if (this.#isGiven && this.#seen.size < MAX_NAMES) this.#seen.add([...around, name].join('.'));
    this.#fieldPart = this.#isGiven || around.at(-1) !== FIELDS ? undefined : FIELD_PARTS.get(name);
    this.#member = this.#fieldPart ? undefined : this.#names(name, around);
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
    else if (member.role === 'count') frame.count = text;
    else values.push({ rank: member.rank, text });
  }

  #takeField(text: string | undefined): void {
    const frame = this.#frames.at(-1);
    if (!frame?.isObject) return;
    if (this.#fieldPart === 'value') frame.value = text;
    else frame.field ??= this.#names(text ?? '', NO_PATH);
  }

  /** The field of an object in a list is a member of the object around the list. */
  #addField({ field, value }: Frame): void {
    const row = field && value !== undefined ? this.#objectAround(0) : undefined;
    if (!row || !field || value === undefined || field.role === 'count') return;
    const values = field.role === 'login' ? row.logins : row.secrets;
    if (values.length < MAX_VALUES) values.push({ rank: field.rank, text: value });
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
    // The elements of an array have its path.
    const path = around?.isObject ? [...around.path, this.#key].slice(-MAX_PATH) : (around?.path ?? NO_PATH);
    this.#frames.push({
      isObject,
      path,
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

  malformed(): void {
    this.#frames = [];
    this.#sink.reject('malformed-row');
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
    const isFormer = !this.#isGiven && frame.path.at(-1) === HISTORY;
    if (this.#needsLogin && usernames.length === 0 && !isFormer) {
      this.#sink.reject('missing-column');
      return;
    }
    for (const secret of best(secrets)) {
      const cells = [secret, count, ...usernames];
      const places = {
        usernames: usernames.map((_, i) => i + 2),
        secret: 0,
        count: count === undefined ? undefined : 1,
      };
      takeRow(this.#sink, places, (place) => cells[place], this.#rules);
    }
  }
}

/** The values of the lowest rank of which one is not empty. */
function best(values: readonly Value[]): readonly string[] {
  const filled = values.filter(({ text }) => text.trim() !== '');
  const rank = Math.min(...(filled.length > 0 ? filled : values).map((value) => value.rank));
  return values.filter((value) => value.rank === rank).map(({ text }) => text);
}
