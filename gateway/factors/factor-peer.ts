// Whoever keeps factors, as a worker or the first process asks it.

import { type BatchAnswer, Batches } from '../state/batches.ts';
import type { UserFactors, UserId } from './factor.ts';
import type { FactorAdmin } from './factor-admin.ts';
import type { FactorBook } from './factor-book.ts';
import type {
  CodeAnswer,
  DrawnTotp,
  EnrolAnswer,
  Enrolment,
  RemoveAnswer,
  RemoveQuestion,
  TypedAnswer,
  TypedAt,
} from './factor-messages.ts';
import type { KnownNames } from './user-names.ts';

/** Every function throws StateError if nobody answers. */
export interface FactorPeer {
  describe(user: UserId): Promise<UserFactors>;
  tryTotp(user: UserId, code: string, at: TypedAt): Promise<TypedAnswer>;
  tryRecovery(user: UserId, code: string): Promise<TypedAnswer>;
  useKey(user: UserId, factor: string, counter: number): Promise<{ readonly trustedFrom: number } | undefined>;
  drawTotp(user: UserId): Promise<DrawnTotp>;
  checkCode(user: UserId, code: string): Promise<CodeAnswer>;
  mailCode(user: UserId): Promise<void>;
  enrol(enrolment: Enrolment): Promise<EnrolAnswer>;
  rename(user: UserId, factor: string, name: string): Promise<boolean>;
  remove(question: RemoveQuestion): Promise<RemoveAnswer>;
  drawRecovery(user: UserId): Promise<readonly string[]>;
  /** Who a user of an application is, by the operator's import. */
  userOf(app: string, user: string): Promise<UserId | undefined>;
  /** All names of whoever this may be to an application, by that import. */
  namesOf(app: string, name: string): Promise<KnownNames>;
}

export type FactorQuestion = {
  readonly [Ask in keyof FactorPeer]: { readonly ask: Ask; readonly of: Parameters<FactorPeer[Ask]> };
}[keyof FactorPeer];

const ASKS: readonly (keyof FactorPeer)[] = [
  ...(['describe', 'tryTotp', 'tryRecovery', 'useKey', 'drawTotp', 'checkCode', 'mailCode', 'enrol'] as const),
  ...(['rename', 'remove', 'drawRecovery', 'userOf', 'namesOf'] as const),
];

/** Asks another process. */
export function createRemoteFactors(
  send: (questions: readonly FactorQuestion[]) => Promise<readonly BatchAnswer[]>,
): FactorPeer {
  const batches = new Batches<FactorQuestion>(send);
  const asking = ASKS.map((ask) => [ask, (...of: unknown[]) => batches.ask({ ask, of } as unknown as FactorQuestion)]);
  return Object.fromEntries(asking) as FactorPeer;
}

export const createLocalFactors = (book: FactorBook, admin: FactorAdmin): FactorPeer => ({
  describe: (user) => book.describe(user),
  tryTotp: (user, code, at) => book.tryTotp(user, code, at),
  tryRecovery: (user, code) => book.tryRecovery(user, code),
  useKey: (user, factor, counter) => book.useKey(user, factor, counter),
  drawTotp: (user) => book.drawTotp(user),
  checkCode: (user, code) => book.checkCode(user, code),
  mailCode: (user) => book.mailCode(user),
  enrol: (enrolment) => book.enrol(enrolment),
  rename: (user, factor, name) => book.rename(user, factor, name),
  remove: (question) => book.remove(question),
  drawRecovery: (user) => book.drawRecovery(user),
  userOf: (app, user) => admin.userOf(app, user),
  namesOf: (app, name) => admin.namesOf(app, name),
});

export function answerFactors(peer: FactorPeer, { ask, of }: FactorQuestion): Promise<unknown> {
  // Workers are ours, and run the same code.
  const answer = peer[ask] as (...of: readonly unknown[]) => Promise<unknown>;
  return answer(...of);
}
