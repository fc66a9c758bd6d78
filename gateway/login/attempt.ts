// A login that an application has, one request there, and what became of it.

import type { CompiledRule } from '../rules/rule.ts';
import type { FieldReference } from './reference.ts';

export type LoginOutcome = 'success' | 'failure' | 'unknown';

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
  /** Expressions of what the application answers to a right and to a wrong password. */
  readonly success: string | undefined;
  readonly failure: string | undefined;
  /** Names of cookies that only a login sets; `*` stands for any characters. */
  readonly sessionCookies: readonly string[];
  /** Where users change their password. */
  readonly changePassword: string | undefined;
}

/** One request at a login. */
export interface Attempt {
  readonly login: Login;
  /** All that an application may read as the username; may be empty. */
  readonly usernames: readonly string[];
  /** All that an application may read as the password: at least one. */
  readonly passwords: readonly string[];
}
