// Policy: what to do about a verdict. Which findings count, from how many times seen on, and what a failure means.

import { decodeTimes, encodeTimes, MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { LookupError } from '../errors.ts';
import {
  type Action,
  type Decision,
  SIGNAL_NAMES,
  type Sighting,
  type Signal,
  type SignalName,
  type Verdict,
} from './verdict.ts';

/** The mildest first. */
const ACTIONS: readonly Action[] = ['allow', 'challenge', 'deny'];

/** For each finding what to do about it. Default: `challenge` for all but a username alone, which is `allow`. */
type FindingActions = { readonly [name in SignalName]?: Action };

export interface PolicyOptions extends FindingActions {
  /** A finding that was seen fewer times does not count. Default 1. Between the steps of `timesSeen` it is rounded down. */
  readonly minTimesSeen?: { readonly [name in SignalName]?: number };
  /** What to do where a question that matters has no answer. Default `allow`; `deny` fails closed. */
  readonly onError?: Action;
}

export interface PolicyContext {
  /**
   * When the account's password was last changed. A username that leaked before and not since does not count, where
   * the dataset knows when it leaked.
   */
  readonly passwordChangedAt?: Date | null | undefined;
}

/** Pure: the same verdict and context give the same decision. */
export type Policy = (verdict: Pick<Verdict, 'status' | 'signals'>, context?: PolicyContext) => Decision;

const DEFAULT_ACTIONS: { readonly [name in SignalName]: Action } = {
  pair: 'challenge',
  similar: 'challenge',
  password: 'challenge',
  username: 'allow',
};

/** @throws LookupError `OPTION_MALFORMED` */
export function createPolicy(options: PolicyOptions = {}): Policy {
  assertKnown(options, ['minTimesSeen', 'onError', ...SIGNAL_NAMES]);
  const { minTimesSeen = {}, onError = 'allow' } = options;
  assertKnown(minTimesSeen, SIGNAL_NAMES);
  const rules = SIGNAL_NAMES.map((name) => ({
    name,
    action: parseAction(options[name] ?? DEFAULT_ACTIONS[name]),
    least: parseTimes(minTimesSeen[name] ?? 1),
  }));
  const atFailure = parseAction(onError);

  return ({ status, signals }, { passwordChangedAt } = {}) => {
    const counts = (name: SignalName, signal: Signal, least: number): boolean =>
      signal.result === 'found' &&
      (signal.timesUnknown === true || signal.timesSeen >= least) &&
      !(name === 'username' && passwordChangedAt && leakedBefore(signal, passwordChangedAt));
    const found = rules
      .filter(({ name, least }) => counts(name, signals[name], least))
      .reduce<Decision>(
        (strictest, { name, action }) => (isStricter(action, strictest.action) ? { action, because: name } : strictest),
        { action: 'allow' },
      );
    // A failure matters where the answer could have been one that is acted on more strictly than what was found.
    const failed = rules.some(
      ({ name, action }) => signals[name].result === 'unknown' && isStricter(action, found.action),
    );
    const askedNothing = status === 'unknown' && SIGNAL_NAMES.every((name) => signals[name].result === 'unasked');
    return (failed || askedNothing) && isStricter(atFailure, found.action) ? { action: atFailure } : found;
  };
}

function isStricter(a: Action, b: Action): boolean {
  return ACTIONS.indexOf(a) > ACTIONS.indexOf(b);
}

/**
 * Sources are dated by month, in whatever time zone: a month has passed everywhere at noon UTC of the first day after it.
 * What may have leaked later counts.
 */
function leakedBefore({ newestLeak }: Sighting, changedAt: Date): boolean {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(newestLeak ?? '') ?? [];
  return Date.UTC(Number(year), Number(month), 1, 12) <= changedAt.getTime();
}

function malformed(why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option policy: ${why}`, hint);
}

/** A rule that is misspelt must not go unnoticed. */
function assertKnown(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Object.keys(options).some((name) => !names.includes(name)))
    throw malformed('not an object of its members', `Its members are ${names.join(', ')}.`);
}

function parseAction(action: unknown): Action {
  const known = ACTIONS.find((name) => name === action);
  if (!known) throw malformed('none of allow, challenge and deny', 'Leave it out to use the default.');
  return known;
}

/** What a dataset records of a count is its code: a threshold is rounded as counts are, so that none is lost to it. */
function parseTimes(times: unknown): number {
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1 || times > MAX_TIMES_SEEN)
    throw malformed('minTimesSeen is not an integer from 1 to 2^32-1', 'Leave it out to count every finding.');
  return decodeTimes(encodeTimes(times)) ?? times;
}
