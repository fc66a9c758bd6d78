// A login that an application has, one request there, and what became of it.

import type { CheckedCredential } from '../checks/checks.ts';
import type { CompiledRule } from '../rules/rule.ts';
import type { FieldReference } from './reference.ts';
import { isSameName } from './session-user.ts';
import type { Spelling } from './spellings.ts';

export type LoginOutcome = 'success' | 'failure' | 'unknown';

/** How a login was judged. */
export interface Judgement {
  readonly outcome: LoginOutcome;
  /**
   * No client can bring it about by itself: a success shows that the application compared the
   * password, a failure that it did not take it. An unknown outcome is never proven.
   */
  readonly isProven: boolean;
  /**
   * A success that no expression of a location or preset has told, and no cookie that a login alone
   * sets. With cookies of one's own, a wrong password comes to it as well.
   */
  readonly isGuessed?: boolean;
  /** The answer has a new cookie of a session. */
  readonly beginsSession?: boolean;
  /** It says that the login failed, and that session may be one that the client has brought. */
  readonly isDeniedRenewal?: boolean;
  /** It asks for a second factor, as the application does behind a right password alone. */
  readonly asksSecondFactor?: boolean;
}

/** What limits count: guesses would else pass as successes that are none. */
export const countedOutcome = ({ outcome, isProven, isGuessed = false }: Judgement): LoginOutcome =>
  isGuessed && !isProven ? 'unknown' : outcome;

export const UNKNOWN: Judgement = { outcome: 'unknown', isProven: false };

/** What the application answers to a right and to a wrong password. */
export interface OutcomeTests {
  readonly success: CompiledRule;
  readonly failure: CompiledRule;
  /** Which of both nobody has said, so that the generic expression stands for it. */
  readonly guessed: ReadonlySet<LoginOutcome>;
  /** Undefined where nothing tells a page that asks for a second factor. */
  readonly secondFactor: CompiledRule | undefined;
  /** Which of both no client can bring about otherwise. */
  readonly proves: ReadonlySet<LoginOutcome>;
  /** Whether a response with a cookie of this name begins a session, whatever else it says. */
  isSessionCookie(name: string): boolean;
  /** The same for a cookie that a client sends, as any server may read its name. */
  isSentSession(name: string): boolean;
  /** Whether it proves the login, whomever it names. */
  isProvingCookie(name: string): boolean;
  /** Every session of the application has one. */
  readonly hasProvingCookies: boolean;
}

/** A place where an application takes credentials. */
export interface Login {
  readonly name: string;
  /** The preset that it comes from; undefined for one of the operator's own. */
  readonly preset: string | undefined;
  /** Which requests go there. */
  readonly when: CompiledRule;
  /** Fields that may hold a username. */
  readonly usernames: readonly FieldReference[];
  /** Fields that may hold the password: at least one. */
  readonly passwords: readonly FieldReference[];
  /** More of them, under names in common use: where logins can be held back, one is checked too. */
  readonly otherPasswords?: readonly FieldReference[];
  /** Its path is no matter: the fields of others, which routers may take it for. */
  readonly isElsewhere?: boolean;
  /** Nobody has described it: it is one where no other login reads the same header. */
  readonly isSpare?: boolean;
  /** Its application decodes what stands behind any scheme of `Authorization`. */
  readonly anyScheme?: boolean | undefined;
  readonly outcome: OutcomeTests;
  /** Whether its credential can begin a session. */
  readonly beginsSession: boolean;
  /** What the application makes of usernames; undefined if nobody knows. */
  readonly spelling: Spelling | undefined;
  /** Where users change their password. */
  readonly changePassword: string | undefined;
}

/** Programs send their password in the head of each request, and keep no cookie. */
export const isOfBrowser = ({ passwords }: Pick<Login, 'passwords'>): boolean =>
  passwords.some(({ place }) => place === 'body' || place === 'query');

/**
 * Whether its credential does what the request asks, and not only begins a session: what the
 * application has answered has been done.
 */
export const actsAtOnce = ({ logins }: Pick<Attempt, 'logins'>): boolean =>
  logins.some((login) => !isOfBrowser(login) || !login.beginsSession);

/** Whether only its fields tell it from any other request: it is one if it signs somebody in. */
export const isOfFields = ({ logins }: Pick<Attempt, 'logins'>): boolean =>
  logins.every(({ isElsewhere }) => isElsewhere);

/** Values of a member of the body, as servers may read them. */
export type FindMember = (name: string) => readonly string[];

/** One request at a login. */
export interface Attempt {
  readonly login: Login;
  /** All that the request has a password for: which of them the application takes is not known. */
  readonly logins: readonly Login[];
  /** All that an application may read as the username; may be empty. */
  readonly usernames: readonly string[];
  /**
   * Those that limits and events count: without those of cookies, unless there is no other. A
   * cookie `user` may be the same for everybody.
   */
  readonly typed: readonly string[];
  /** All that an application may read as the password: at least one. */
  readonly passwords: readonly string[];
  /** Texts in other fields that somebody may be known by, where logins are held back. */
  readonly others?: readonly string[] | undefined;
  /**
   * Of which alone the answer and the header may tell; of all if undefined. Who logs in with a name
   * of his own would else learn whether a guess beside it has leaked.
   */
  readonly told?: CheckedCredential | undefined;
}

/** Whether all names of a login are spellings of one: else which of them logs in is not known. */
export const isOfOneName = ({ usernames, login: { spelling } }: Attempt): boolean =>
  usernames.length > 0 && areOneName(usernames, spelling ? [spelling] : []);

/** Whether these are spellings of one name; so are none. */
export const areOneName = (names: readonly string[], spellings: readonly Spelling[]): boolean =>
  // Names are long where somebody wants it: one alone costs nothing.
  names.length <= 1 ||
  names.some((typed) => {
    const all = [typed, ...spellings.flatMap((spelling) => spelling.names(typed) ?? [])];
    return names.every((name) => all.some((one) => isSameName(one, name)));
  });
