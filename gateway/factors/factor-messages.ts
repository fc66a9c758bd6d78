// What is asked of whoever keeps factors, and the answers.

import type { EnrolledMethod, Factor, KeyCredential, UserId } from './factor.ts';

/**
 * Why somebody may enrol. The keeper judges it when the enrolment ends: what was taken away since
 * it began opens nothing.
 */
export type Authority =
  /** Other factors that were given a moment ago, by their ids. One of them is still there. */
  | { readonly kind: 'factor'; readonly by: readonly string[] }
  /** A recovery code was, by what its use left behind. */
  | { readonly kind: 'recovery'; readonly mark: string }
  /** The hash of a code that an administrator handed out, or that was mailed. */
  | { readonly kind: 'code' | 'mail'; readonly hash: string }
  /** The operator imported them a short while ago. */
  | { readonly kind: 'window' };

export type NewFactor =
  /** `pending` as `drawTotp` gave it, and a code to show that an app has the secret. */
  | { readonly method: 'totp'; readonly name: string; readonly pending: string; readonly code: string }
  | { readonly method: Exclude<EnrolledMethod, 'totp'>; readonly name: string; readonly key: KeyCredential };

export interface Enrolment {
  readonly user: UserId;
  readonly authority: Authority;
  readonly factor: NewFactor;
}

export type EnrolAnswer =
  | { readonly factor: Factor }
  /**
   * `closed`: the authority is worth nothing any more. `wrong`: the code. `limit`: they have as
   * many as they may. `taken`: an authenticator is enrolled once.
   */
  | { readonly refused: 'closed' | 'wrong' | 'limit' | 'taken' };

/**
 * Where a code of an app is typed. Wrong ones count apart: whoever has a password that leaked can
 * type them for a login that is held back, and keeps nobody from their sessions so.
 */
export type TypedAt = 'session' | 'release' | KnownBrowser;

/** In which they have shown a factor before. What strangers type elsewhere waits elsewhere. */
export type KnownBrowser = `browser ${string}`;

/** What became of something typed. */
export type TypedAnswer =
  | { readonly given: { readonly factor: string; readonly trustedFrom: number } }
  | { readonly refused: 'wrong' }
  /** Nothing counts for so long. */
  | { readonly refused: 'wait'; readonly waitMs: number };

export type CodeAnswer = { readonly authority: Authority } | { readonly refused: 'wrong' };

export interface DrawnTotp {
  /** Base32. */
  readonly secret: string;
  readonly uri: string;
  /** The same, sealed, for the enrolment. */
  readonly pending: string;
}

export interface RemoveQuestion {
  readonly user: UserId;
  readonly factor: string;
  /** Ids of factors that were given a moment ago. */
  readonly by: readonly string[];
}

export type RemoveAnswer = 'removed' | 'missing' | 'last' | 'untrusted';

/** One line of an import. */
export interface ImportedUser {
  readonly email: UserId;
  /** Who they are to an application, as it calls them itself. */
  readonly app?: string | undefined;
  readonly user?: string | undefined;
}

/** As the operator sees somebody. */
export interface UserEntry {
  /** Names the entry, and its place in the list. */
  readonly id: string;
  readonly user: UserId;
  readonly importedAt: number | null;
  readonly hadFactor: boolean;
  readonly factors: readonly Factor[];
  readonly recoveryLeft: number;
  /** Until when a code may be typed. */
  readonly codeUntil: number | null;
}

/** Undefined behind the last one. */
export interface UserPage {
  readonly users: readonly UserEntry[];
  readonly next: string | undefined;
}

/** What is told to the person, and as an event that names nobody. */
export type FactorChange =
  | {
      readonly change: 'enrolled';
      readonly method: EnrolledMethod;
      readonly name: string;
      readonly how: Authority['kind'];
    }
  | {
      readonly change: 'removed';
      readonly method: EnrolledMethod;
      readonly name: string;
      readonly by: 'owner' | 'operator';
    }
  | { readonly change: 'renamed'; readonly method: EnrolledMethod; readonly name: string; readonly before: string }
  | { readonly change: 'recovery-drawn' }
  | { readonly change: 'recovery-used'; readonly left: number }
  | { readonly change: 'code-made' }
  /** Five were wrong in a row. */
  | { readonly change: 'guessed' };
