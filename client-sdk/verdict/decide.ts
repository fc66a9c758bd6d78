// From answers to a verdict: the status of one check, and the worst of several.

import type { UnknownReason } from '../errors.ts';
import {
  type CleanVerdict,
  type Decision,
  type FindingVerdict,
  HEADER_VALUES,
  SIGNAL_NAMES,
  type Signal,
  type Signals,
  type UnknownVerdict,
  type Verdict,
  type VerdictFacts,
  type VerdictStatus,
} from './verdict.ts';

type Own<V> = Omit<V, keyof VerdictFacts>;

/** What follows from the answers, without the policy's decision. */
export type Facts = Own<FindingVerdict> | Own<CleanVerdict> | Own<UnknownVerdict>;

/**
 * Picks the most serious finding, unless a more serious question failed: its answer may have been
 * worse. A failed question with no more serious finding makes the status `unknown`, since `clean`
 * may be wrong.
 * @param ifUnasked the reason if no question could be asked
 */
export function decide(signals: Signals, ifUnasked: 'INDEX_MISSING' | 'NOTHING_ASKED'): Facts {
  for (const status of SIGNAL_NAMES) {
    const signal = signals[status];
    if (signal.result === 'unknown') return { status: 'unknown', reason: signal.reason };
    if (signal.result !== 'found') continue;
    const { timesSeen, source } = signal;
    return {
      status,
      exposedCredentialCheck: HEADER_VALUES[status],
      ...(timesSeen !== undefined && { timesSeen }),
      ...(source && { source }),
    };
  }
  const asked = SIGNAL_NAMES.some((name) => signals[name].result === 'absent');
  return asked ? { status: 'clean' } : { status: 'unknown', reason: ifUnasked };
}

/** Worst first. A failure takes back no finding on another username. */
const WORST: readonly VerdictStatus[] = [...SIGNAL_NAMES, 'unknown', 'clean'];

/**
 * The worst of several facts about one account or request.
 * @param facts at least one
 */
export function worstOf<T extends { readonly status: VerdictStatus }>(facts: readonly T[]): T {
  return facts.reduce((worst, next) => (WORST.indexOf(next.status) < WORST.indexOf(worst.status) ? next : worst));
}

/** The distinct reasons why questions have no answer. */
export function failuresIn(...answers: readonly Signals[]): UnknownReason[] {
  // Nearly always none: this runs several times per check.
  if (!answers.some(hasFailed)) return [];
  const signals = answers.flatMap((answer) => SIGNAL_NAMES.map((name) => answer[name]));
  return [...new Set(signals.flatMap((signal) => (signal.result === 'unknown' ? [signal.reason] : [])))];
}

/** Whether a question has no answer. */
export function hasFailed(signals: Signals): boolean {
  return SIGNAL_NAMES.some((name) => signals[name].result === 'unknown');
}

const WEIGHTS = { unasked: 0, absent: 1, unknown: 2, found: 3 } as const;

/**
 * Merges two answers for one signal. The finding seen more often wins; a failure wins over
 * `absent`, since it may have been a finding.
 */
export function either(a: Signal, b: Signal): Signal {
  if (a.result === 'found' && b.result === 'found') return (b.timesSeen ?? 0) > (a.timesSeen ?? 0) ? b : a;
  return WEIGHTS[b.result] > WEIGHTS[a.result] ? b : a;
}

/** The answers about one account that has several usernames. */
export function mergeSignals(answers: readonly Signals[]): Signals {
  return answers.reduce((a, b) => ({
    pair: either(a.pair, b.pair),
    similar: either(a.similar, b.similar),
    password: either(a.password, b.password),
    username: eitherUsername(a.username, b.username),
  }));
}

/** Of two findings, neither month stands for both: without one, a policy counts the finding. */
function eitherUsername(a: Signal, b: Signal): Signal {
  const signal = either(a, b);
  if (a.result !== 'found' || b.result !== 'found' || signal.result !== 'found') return signal;
  const { newestLeak, ...rest } = signal;
  return a.newestLeak === b.newestLeak ? signal : rest;
}

/** The answers if no question has one. */
export function failedSignals(reason: UnknownReason): Signals {
  const signal = { result: 'unknown', reason } as const;
  return { pair: signal, similar: signal, password: signal, username: signal };
}

/** The verdict if not even the questions could be derived. */
export function unknownVerdict(
  reason: UnknownReason,
  durationMs: number,
  policy: (facts: Pick<Verdict, 'status' | 'signals'>) => Decision,
): UnknownVerdict {
  const signals = failedSignals(reason);
  return { status: 'unknown', reason, ...policy({ status: 'unknown', signals }), durationMs, signals };
}
