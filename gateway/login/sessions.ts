// How sessions of an application are told, and which requests may begin one without a login, or
// change a password.

import type { CompiledRule } from '../rules/rule.ts';

/** What the cookies of a response begin. */
export interface BegunSession {
  /** Names of its cookies. */
  readonly cookies: ReadonlySet<string>;
  /** Its users, as the application itself names them: none where no cookie tells. */
  readonly users: readonly string[];
  /** Its cookies should name a user, and name none that can be read. */
  readonly isNameless: boolean;
  /** Names of those of its cookies that are of an application whose cookies name nobody. */
  readonly unnamed: ReadonlySet<string>;
}

/** Values of a cookie that the browser has sent. */
export type SentCookies = (name: string) => readonly string[] | undefined;

export interface SessionGuard {
  /**
   * @param headers of a response
   * @param sent by the browser: where no cookie names its user, one that goes on begins nothing
   * @returns undefined if it begins no session
   */
  sessionOf(headers: readonly string[], sent?: SentCookies): BegunSession | undefined;
  /** Whether cookies of its sessions name their users. */
  readonly namesUsers: boolean;
  /** A request that fulfils one of them may begin a session, such as a sign-up. */
  readonly exemptions: readonly CompiledRule[];
}

/** Requests by which users change their own password, as far as their heads tell. */
export interface PasswordChanges {
  readonly rules: readonly CompiledRule[];
  /** Of locations of the operator's own. */
  readonly targets: ReadonlySet<string>;
}
