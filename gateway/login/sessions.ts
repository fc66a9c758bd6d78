// How sessions of an application are told, and which requests may begin one without a login.

import type { CompiledRule } from '../rules/rule.ts';

export interface SessionGuard {
  /** @param headers of a response */
  beginsSession(headers: readonly string[]): boolean;
  /** A request that fulfils one of them may begin a session, such as a sign-up. */
  readonly exemptions: readonly CompiledRule[];
}
