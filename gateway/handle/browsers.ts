// What is kept of browsers: that they had a checked login, and the verdict that waits for the next
// request of one.

import type { ExposedCredentialCheck } from '../../client-sdk/index.ts';
import type { SentName } from '../login/sent-sessions.ts';
import type { BegunSession } from '../login/sessions.ts';
import { type State, StateError } from '../state/state.ts';
import { formatUsers, type HandleUsers, type LoginUsers, NO_USERS, parseUsers, withUsers } from './handle-users.ts';
import { HANDLE_TTL_MS, type Handles } from './handles.ts';
import { WaitingSessions } from './waiting-sessions.ts';

/** A login in two steps takes minutes. */
const VERDICT_TTL_MS = 10 * 60_000;
const STEP_TTL_MS = VERDICT_TTL_MS;
/** Browsers whose verdict this worker has passed on: asking again would find nothing. */
const MAX_PASSED_ON = 10_000;
const VALUES: ReadonlySet<string> = new Set(['1', '2', '3', '4'] satisfies ExposedCredentialCheck[]);

/**
 * That the password was right; that a second factor is asked for, which applications do behind a
 * right one; or nothing, as with a guess.
 */
export type Shown = 'password' | 'step' | 'nothing';

export interface BegunLogin {
  /** For the next request of the browser. */
  readonly header?: ExposedCredentialCheck | undefined;
  /** Whom it was checked for. */
  readonly users?: LoginUsers | undefined;
  /** What the answer shows of the password; that it was right unless it says otherwise. */
  readonly shows?: Shown;
  /** The handle that the browser came with. */
  readonly before?: string | undefined;
  /** Cookies of the sessions that it may be in. */
  readonly sessions?: readonly SentName[];
  /** False where it may be a guess: then all of it waits for a session, and not for long. */
  readonly isSure?: boolean;
  /** One session that names nobody follows, such as behind a second factor. */
  readonly awaitsSession?: boolean;
}

export interface TakenVerdict {
  readonly header: ExposedCredentialCheck;
  /** It did not reach the application: it waits for the next request. */
  giveBack(): void;
}

const isHeader = (value: string | undefined): value is ExposedCredentialCheck =>
  value !== undefined && VALUES.has(value);

/**
 * Why a session that no login begins may leave for a browser: it is of a user who has logged in
 * there, or names nobody in a browser where somebody has; or it completes a login there.
 */
export type Admission = 'known' | 'step' | 'none';

/** A session that no login begins, and why it leaves. */
export interface BegunUnseen {
  readonly session: NamedSession;
  readonly admission: Exclude<Admission, 'none'>;
  /** Its cookies. */
  readonly cookies?: readonly SentName[];
}

export class Browsers {
  readonly #state: State;
  readonly #handles: Handles;
  readonly #passedOn = new Set<string>();
  readonly #sessions: WaitingSessions;

  constructor(state: State, handles: Handles) {
    this.#state = state;
    this.#handles = handles;
    this.#sessions = new WaitingSessions(state, handles);
  }

  /**
   * Keeps a checked login under a new handle: a rise of privilege never goes on with an old one.
   * @returns the handle, for the answer to the login
   * @throws StateError
   */
  async begin(application: string, login: BegunLogin): Promise<string> {
    const handle = this.#handles.draw({ mayWait: login.header !== undefined });
    await this.#keep(application, handle, login);
    return handle;
  }

  /** A handle for a login whose check goes on while the answer leaves: `finish` follows. */
  reserve(): string {
    return this.#handles.draw({ mayWait: true });
  }

  /** @throws StateError */
  finish(application: string, handle: string, login: BegunLogin): Promise<void> {
    return this.#keep(application, handle, login);
  }

  async #keep(application: string, handle: string, login: BegunLogin): Promise<void> {
    const { header, users = NO_USERS, before, isSure = true, shows = 'password', awaitsSession } = login;
    const id = this.#handles.idOf(application, handle);
    const others = before === undefined ? undefined : await this.#usersOf(application, before);
    const ofLogin = this.#hashed(application, users);
    if (header !== undefined) {
      const [place, entry] = isSure ? [id, header] : [unsure(id), header + formatUsers(ofLogin)];
      await this.#state.set('verdict', place, entry, { ttlMs: VERDICT_TTL_MS });
      if (isSure) await this.#sessions.add(application, login.sessions ?? [], { header, id, ttlMs: VERDICT_TTL_MS });
    }
    if (shows === 'step' || awaitsSession)
      await this.#state.set('handle', unsure(id), formatUsers(ofLogin), { ttlMs: STEP_TTL_MS });
    // Anybody may type any name with a wrong password.
    const known = shows === 'password' ? withUsers(ofLogin, others ?? NO_USERS) : others;
    if (known) await this.#state.set('handle', id, formatUsers(known), { ttlMs: HANDLE_TTL_MS });
  }

  /**
   * The application began a session on this handle: the verdict on a login that may have been a
   * guess goes on if it is of the session's user, or of the login that the session completes.
   * Else it is nobody's. Without the state, it waits on.
   */
  async beganSession(application: string, handle: string, begun: BegunUnseen): Promise<void> {
    const { session, admission, cookies = [] } = begun;
    if (!this.#handles.mayWait(handle) || (admission === 'known' && session.users.length === 0)) return;
    const id = this.#handles.idOf(application, handle);
    try {
      const entry = await this.#state.takeOnce('verdict', unsure(id));
      const header = entry?.slice(0, 1);
      if (entry === undefined || !isHeader(header)) return;
      if (admission !== 'step' && !this.#covers(application, parseUsers(entry.slice(1)), session)) return;
      await this.#state.set('verdict', id, header, { ttlMs: VERDICT_TTL_MS });
      await this.#sessions.add(application, cookies, { header, id, ttlMs: VERDICT_TTL_MS });
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  }

  #hashed(application: string, { ofSession, typed, account }: LoginUsers): LoginUsers {
    return {
      account,
      ofSession: ofSession.map((user) => this.#handles.userOf(application, user)),
      typed: typed.map((name) => this.#handles.typedOf(application, name)),
    };
  }

  /** Undefined for a browser without a checked login. */
  async #usersOf(application: string, handle: string): Promise<HandleUsers | undefined> {
    const text = await this.#state.get('handle', this.#handles.idOf(application, handle));
    return text === undefined ? undefined : parseUsers(text);
  }

  /**
   * Where a verdict may wait for a request: by the handle of its browser, and by its sessions. Most
   * requests have none, and ask nobody.
   * @param cookies is called if a verdict waits for anybody's session
   */
  placesOf(application: string, handle: string | undefined, cookies: () => readonly SentName[]): readonly string[] {
    const ofSessions = this.#sessions.find(application, cookies);
    const mayWait = handle !== undefined && this.#handles.mayWait(handle);
    if (!mayWait && ofSessions.length === 0) return ofSessions;
    const places = new Set([...(mayWait ? [this.#handles.idOf(application, handle)] : []), ...ofSessions]);
    return [...places].filter((place) => !this.#passedOn.has(place));
  }

  /** Takes the first verdict that waits. Without the state there is none. */
  async takeVerdict(places: readonly string[]): Promise<TakenVerdict | undefined> {
    try {
      for (const place of places) {
        const header = await this.#state.takeOnce('verdict', place);
        if (!isHeader(header)) continue;
        if (this.#passedOn.size >= MAX_PASSED_ON) this.#passedOn.clear();
        this.#passedOn.add(place);
        return { header, giveBack: () => void this.#giveBack(place, header) };
      }
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
    return undefined;
  }

  async #giveBack(place: string, header: ExposedCredentialCheck): Promise<void> {
    try {
      await this.#state.set('verdict', place, header, { ttlMs: VERDICT_TTL_MS });
      this.#passedOn.delete(place);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
    }
  }

  /** Under which the limits have who has logged in there last. Without the state: nobody. */
  async accountOf(application: string, handle: string): Promise<string | undefined> {
    try {
      return (await this.#usersOf(application, handle))?.account;
    } catch (error) {
      if (error instanceof StateError) return undefined;
      throw error;
    }
  }

  /**
   * Whether a session that no login begins may leave for this browser. A login that asked for a
   * second factor is complete with it, and lets one session out.
   * @returns undefined without the state
   */
  async admits(
    application: string,
    handle: string | undefined,
    session: UnseenSession,
  ): Promise<Admission | undefined> {
    if (handle === undefined || session.isNameless) return 'none';
    const id = this.#handles.idOf(application, handle);
    try {
      const before = await this.#usersOf(application, handle);
      const isKnown = before !== undefined && this.#covers(application, before, session);
      if (isKnown && session.unnamed.size === 0) return 'known';
      const step = await this.#state.takeOnce('handle', unsure(id));
      if (step === undefined || !this.#covers(application, parseUsers(step), session))
        return isKnown ? 'known' : 'none';
      const ofSession = this.#hashed(application, { ofSession: session.users, typed: [] });
      const known = withUsers(ofSession, before ?? NO_USERS);
      await this.#state.set('handle', id, formatUsers(known), { ttlMs: HANDLE_TTL_MS });
      return 'step';
    } catch (error) {
      if (error instanceof StateError) return undefined;
      throw error;
    }
  }

  /**
   * Whether this browser had a checked login of each user whom the session names.
   * @returns undefined without the state
   */
  async mayHave(application: string, handle: string | undefined, session: NamedSession): Promise<boolean | undefined> {
    if (handle === undefined || session.isNameless) return false;
    try {
      const known = await this.#usersOf(application, handle);
      return known !== undefined && this.#covers(application, known, session);
    } catch (error) {
      if (error instanceof StateError) return undefined;
      throw error;
    }
  }

  #covers(application: string, { ofSession, typed }: HandleUsers, { users }: NamedSession): boolean {
    return users.every(
      (user) =>
        ofSession.includes(this.#handles.userOf(application, user)) ||
        typed.includes(this.#handles.typedOf(application, user)),
    );
  }
}

type NamedSession = Pick<BegunSession, 'users' | 'isNameless'>;
type UnseenSession = NamedSession & Pick<BegunSession, 'unnamed'>;

/** Where the verdict on what may be a guess waits, and the users of a login of two steps. */
const unsure = (id: string): string => `${id}?`;
