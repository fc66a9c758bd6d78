// What became of a generated login: who logged in, with which verdict, and how many checks it cost.

import type { AskLeaks } from '../../../client-sdk/adapter/express.ts';
import type { LeakChecker, Verdict } from '../../../client-sdk/index.ts';
import type { Read } from './readers.ts';
import { type HashName, logIn, type User } from './users.ts';

/** When the guard checks. */
export const MODES = ['lazy', 'eager', 'deny'] as const;
export type Mode = (typeof MODES)[number];

export interface Attempt {
  /** Whether the handler ran, and read its fields without an exception. */
  isRead: boolean;
  user: User | undefined;
  verdict: Verdict | undefined;
  checks: number;
}

/** Records one login at a time. */
export interface Recorder {
  /** Counts its checks. */
  readonly checker: LeakChecker;
  /** Starts the next login. */
  begin(): Attempt;
  /** The body of every handler: compares what it reads, and asks once that is right. */
  handle(read: Read, hash: HashName, ask: AskLeaks): Promise<void>;
}

export function createRecorder(checker: LeakChecker): Recorder {
  const fresh = (): Attempt => ({ isRead: false, user: undefined, verdict: undefined, checks: 0 });
  let current = fresh();
  return {
    checker: {
      ...checker,
      check: (credential, options) => {
        current.checks++;
        return checker.check(credential, options);
      },
    },
    begin() {
      current = fresh();
      return current;
    },
    async handle([username, password], hash, ask) {
      const attempt = current;
      attempt.isRead = true;
      attempt.user = logIn(username, password, hash);
      if (attempt.user) attempt.verdict = await ask();
    },
  };
}

/** @returns what is wrong with an attempt; undefined if nothing is */
export function mistakeIn({ user, verdict, checks }: Attempt, mode: Mode): string | undefined {
  if (!user) return mode === 'lazy' && checks > 0 ? `${checks} checks without a login` : undefined;
  if (!user.isLeaked) return undefined;
  if (mode === 'deny') return 'a leaked pair passed mode deny';
  if (!verdict) return 'no verdict';
  if (verdict.status === 'clean' || verdict.action === 'allow')
    return `a leaked pair is ${verdict.status} (${verdict.reason ?? 'no reason'}), ${verdict.action}`;
  return undefined;
}
