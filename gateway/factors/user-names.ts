// Whose users of applications are, and all names of theirs there, as the operator imported them.
//
// An exact name says who may confirm a login. For checks alone, names are found in every spelling
// that an application may take for them: to ask for one name more restricts, and confirms nothing.

import { accountsOf, coreOf, MAX_SPELLED } from '../checks/user-letters.ts';
import type { UserId } from './factor.ts';
import { FACTOR_ROOM, type UserStore } from './factor-steps.ts';

const ALIASES = 'alias.';
/** Of a person at an application. */
const NAMES = 'names.';
/** People by the core of a name of theirs. */
const CORES = 'core.';
const MAX_NAMES = 64;
/** Who have names at an application that are one to the coarsest one. */
const MAX_PEOPLE = 16;
const PAGE = 200;

/** All names of whoever a name may be, at one application and in mails; none of nobody. */
export interface KnownNames {
  readonly names: readonly string[];
  /** Undefined where these are all. */
  readonly isCut?: true | undefined;
  /** It is a name or an address that was imported, and not one that only looks like it. */
  readonly isExact?: true | undefined;
  /** Whose they are, where they are of one alone. */
  readonly person?: UserId | undefined;
}

interface NamesAt {
  readonly person: UserId;
  /** The latest first. */
  readonly names: readonly string[];
  readonly isCut?: true;
}

interface PeopleAt {
  readonly people: readonly UserId[];
  readonly isCut?: true;
}

/** Of a name as it is, or of the account in it: `alice` of `alice@corp.example`. */
type CoreKind = 'name' | 'account';

/** Every function throws StateError. */
export class UserNames {
  readonly #store: Pick<UserStore, 'state' | 'seal'>;

  constructor(store: Pick<UserStore, 'state' | 'seal'>) {
    this.#store = store;
  }

  async add(app: string, user: string, email: UserId): Promise<void> {
    const { seal, state } = this.#store;
    const alias = this.#aliasKey(app, user);
    const namesKey = this.#namesKey(app, email);
    const before = this.#namesAt(app, email);
    const all = [...new Set([user, ...(before?.names ?? [])])];
    const isCut = before?.isCut === true || all.length > MAX_NAMES;
    const names: NamesAt = { person: email, names: all.slice(0, MAX_NAMES), ...(isCut && { isCut }) };
    const cores = [...this.#coresOf(app, user), ...this.#coresOf(app, email).slice(0, 1)];
    await state.keep(FACTOR_ROOM, [
      { key: alias, value: seal.close(alias, email) },
      { key: namesKey, value: seal.close(namesKey, JSON.stringify(names)) },
      ...[...new Set(cores)].flatMap((key) => this.#withPerson(key, email)),
    ]);
  }

  /** Who a user of an application is. */
  userOf(app: string, user: string): UserId | undefined {
    return this.#read(this.#aliasKey(app, user));
  }

  /** Of all whom an application may take this name for. */
  namesOf(app: string, name: string): KnownNames {
    const exact = [this.userOf(app, name) ?? [], name.trim().toLowerCase()].flat();
    const found = this.#lookUp(app, name).map((key) => this.#peopleAt(key));
    const people = new Set([...exact, ...found.flatMap((each) => each.people)]);
    const known = [...people].map((person) => this.#namesAt(app, person)).filter((each) => each !== undefined);
    const isCut = name.length > MAX_SPELLED || [...found, ...known].some((each) => each.isCut);
    const names = new Set(known.flatMap(({ person, names }) => [person, ...names]));
    const isExact = exact.some((person) => this.#namesAt(app, person) !== undefined);
    const person = known.length === 1 && !isCut ? known[0]?.person : undefined;
    return { names: [...names], ...(isCut && { isCut }), ...(isExact && { isExact }), ...(person && { person }) };
  }

  async forget(person: UserId): Promise<void> {
    await this.#change(ALIASES, (text) => (text === person ? undefined : text));
    await this.#change(NAMES, (text) => ((JSON.parse(text) as NamesAt).person === person ? undefined : text));
    await this.#change(CORES, (text) => {
      const at = JSON.parse(text) as PeopleAt;
      const people = at.people.filter((each) => each !== person);
      if (people.length === at.people.length) return text;
      return people.length === 0 && !at.isCut ? undefined : JSON.stringify({ ...at, people });
    });
  }

  #namesAt(app: string, person: UserId): NamesAt | undefined {
    const text = this.#read(this.#namesKey(app, person));
    return text === undefined ? undefined : (JSON.parse(text) as NamesAt);
  }

  #peopleAt(key: string): PeopleAt {
    const text = this.#read(key);
    return text === undefined ? { people: [] } : (JSON.parse(text) as PeopleAt);
  }

  #withPerson(key: string, person: UserId) {
    const { people, isCut: wasCut } = this.#peopleAt(key);
    if (people.includes(person) || (wasCut && people.length >= MAX_PEOPLE)) return [];
    const all = [...people, person];
    const isCut = wasCut === true || all.length > MAX_PEOPLE;
    const at: PeopleAt = { people: all.slice(0, MAX_PEOPLE), ...(isCut && { isCut }) };
    return [{ key, value: this.#store.seal.close(key, JSON.stringify(at)) }];
  }

  /** Under which a name is found: as it is, and by its account, which may be typed alone. */
  #coresOf(app: string, name: string): readonly string[] {
    if (name.length > MAX_SPELLED) return [];
    const whole = coreOf(name);
    const accounts = accountsOf(name).map(coreOf);
    const others = new Set(accounts.filter((core) => core !== '' && core !== whole));
    return [
      ...(whole === '' ? [] : [this.#coreKey(app, 'name', whole)]),
      ...[...others].map((core) => this.#coreKey(app, 'account', core)),
    ];
  }

  /**
   * Where a name that was typed is looked for: itself, what is left of it without a domain, and, if
   * it has none, those to which the application may add one.
   */
  #lookUp(app: string, name: string): readonly string[] {
    if (name.length > MAX_SPELLED) return [];
    const cores = new Set([name, ...accountsOf(name)].map(coreOf).filter((core) => core !== ''));
    const account = name.includes('@') ? '' : coreOf(accountsOf(name).at(-1) ?? '');
    return [
      ...[...cores].map((core) => this.#coreKey(app, 'name', core)),
      ...(account === '' ? [] : [this.#coreKey(app, 'account', account)]),
    ];
  }

  #read(key: string): string | undefined {
    const { state, seal } = this.#store;
    const entry = state.read(FACTOR_ROOM, key);
    return entry && seal.open(key, entry.value);
  }

  /** @param change of what is sealed in each entry of a kind; undefined removes it */
  async #change(kind: string, change: (text: string) => string | undefined): Promise<void> {
    const { state, seal } = this.#store;
    for (let after = kind, isMore = true; isMore; ) {
      const entries = state.list(FACTOR_ROOM, kind, PAGE, after);
      const changed = entries.flatMap(({ key, value }) => {
        const text = seal.open(key, value);
        const next = change(text);
        return next === text ? [] : [{ key, value: next === undefined ? undefined : seal.close(key, next) }];
      });
      await state.keep(FACTOR_ROOM, changed);
      after = entries.at(-1)?.key ?? after;
      isMore = entries.length === PAGE;
    }
  }

  #aliasKey(app: string, user: string): string {
    return `${ALIASES}${this.#store.seal.nameOf('alias', app, user)}`;
  }

  #namesKey(app: string, person: UserId): string {
    return `${NAMES}${this.#store.seal.nameOf('names', app, person)}`;
  }

  #coreKey(app: string, kind: CoreKind, core: string): string {
    return `${CORES}${this.#store.seal.nameOf('core', app, kind, core)}`;
  }
}
