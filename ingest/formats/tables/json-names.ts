// The members of JSON objects by their place: what each holds, and which of them were read.

import { passwordRank, roleOfName } from '../column-names.ts';
import { type Columns, type NamedColumn, secretKindOf, usernamesOf } from '../columns.ts';

/**
 * What a member holds. Of several secrets or logins of one object, those of the lowest rank count.
 */
export interface Member {
  readonly role: 'login' | 'secret' | 'count';
  readonly rank: number;
  /** The object that it belongs to: 0 for the one it is in, 1 for the one around that. */
  readonly up: number;
}

/** @param around the names of the objects directly around the member */
export type Names = (name: string, around: readonly string[]) => Member | undefined;

/** Usual names of members, wherever they are. */
export const usualNames: Names = (name) => {
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
export function givenNames(columns: Columns, unseen: Set<string>): Names {
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

/** Names of a path that are told apart. */
const MAX_PATH = 8;
/** Of so many places, what they hold is found once, and whether they are read is known. */
const MAX_PLACES = 1000;
const MAX_SHOWN = 40;
/** So many objects beside each other have values for names, as have two that stand there once. */
const MANY_OBJECTS = 8;

/** Members of one name, in objects that have one path. */
export class Place {
  readonly around: Place | undefined;
  /** Their name, and those of the objects around. */
  readonly path: readonly string[];
  readonly member: Member | undefined;
  /** Places in the objects that stand here; undefined if it is not kept. */
  readonly within: Map<string, Place> | undefined;
  times = 0;
  /** Whether objects stand here. */
  hasObjects = false;
  /** What was read here. */
  readAs: string | undefined;

  constructor(around: Place | undefined, path: readonly string[], member: Member | undefined, isKept: boolean) {
    this.around = around;
    this.path = path;
    this.member = member;
    this.within = isKept ? new Map() : undefined;
  }

  /** Whether the names in its objects are values, as in an object of users by their names. */
  get namesValues(): boolean {
    const objects = [...(this.within?.values() ?? [])].filter(({ hasObjects }) => hasObjects);
    return objects.length >= MANY_OBJECTS || (objects.length > 1 && objects.every(({ times }) => times === 1));
  }
}

/** All places of a text, as far as they are kept. */
export class Places {
  readonly top = new Place(undefined, [], undefined, true);
  readonly #names: Names;
  readonly #kept: Place[] = [];

  constructor(names: Names) {
    this.#names = names;
  }

  /** @param around the place of the object */
  at(around: Place, name: string): Place {
    const known = around.within?.get(name);
    if (known) return known;
    const isKept = around.within !== undefined && this.#kept.length < MAX_PLACES;
    const path = [...around.path, name].slice(-MAX_PATH);
    const place = new Place(around, path, this.#names(name, around.path), isKept);
    if (isKept) {
      around.within?.set(name, place);
      this.#kept.push(place);
    }
    return place;
  }

  /** The first names, for people. */
  names(most: number): readonly string[] {
    return this.#kept.slice(0, most).map(({ path }) => path.join('.'));
  }

  /** What was read and what not. A name that stands in one of many objects may be a value. */
  columns(): NamedColumn[] {
    const found = new Map<string, { readonly name: string; readonly role: string | undefined; times: number }>();
    const valued = new Set(this.#kept.filter((place) => place.namesValues));
    if (this.top.namesValues) valued.add(this.top);
    for (const place of this.#kept) {
      if (place.readAs === undefined && place.hasObjects) continue;
      const name = shownPath(place, valued);
      const key = `${place.readAs ?? ''}=${name}`;
      const column = found.get(key) ?? { name, role: place.readAs, times: 0 };
      column.times += place.times;
      found.set(key, column);
    }
    const columns = [...found.values()];
    const most = Math.max(0, ...columns.map(({ times }) => times));
    return columns.map(({ name, role, times }) => ({ name, role, ...(times === 1 && most > 1 && { is: 'unsure' }) }));
  }
}

/** The path of a place, in which names that are values are a star. */
function shownPath(place: Place, valued: ReadonlySet<Place>): string {
  const names: string[] = [];
  for (let at: Place | undefined = place; at?.around && names.length < MAX_PATH; at = at.around)
    names.unshift(at.hasObjects && valued.has(at.around) ? '*' : (at.path.at(-1) as string));
  const name = names.join('.');
  return name.length > MAX_SHOWN ? `…${name.slice(1 - MAX_SHOWN)}` : name;
}
