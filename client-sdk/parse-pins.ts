// Parses what a caller pins: the lines of its dataset, and the bounds of what it believes.

import { INDEX_NAMES } from '../protocol/bucket-id.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { type HmacPin, parseHmacPinText, parseTrustText } from '../protocol/signed/trust.ts';
import type { SuiteName } from '../protocol/suite.ts';
import { assertNames, malformed, parseInteger, parseKey } from './option-values.ts';
import type { CheckerMemory, CheckerSettings, Endpoint, LeakCheckerOptions, SuiteSettings } from './options.ts';

/** An hour more than the validity of a head that is renewed daily. */
const DEFAULT_SNAPSHOT_AGE_MS = 90_000_000;
const MAX_PREFIX_BITS = 26;
/**
 * An evaluator can compute the prefix of any guess, and the longer it is, the more it rules out.
 */
const EVALUATOR_PREFIX_BITS = { account: 20, password: 12 } as const;

/** @param evaluators the servers that evaluate and serve no buckets */
export function parseSuiteOptions(
  options: LeakCheckerOptions,
  evaluators: readonly Endpoint[] | undefined,
): SuiteSettings {
  const { key, trust: trustText } = options;
  const trust = trustText === undefined ? undefined : parseKey(parseTrustText, trustText);
  if (key !== undefined || trust === undefined) {
    const pin = parseKey(parseHmacPin, key);
    if (trust && trust.dataset !== pin.dataset)
      throw malformed('trust', 'it names another dataset than key', 'Pass the two lines of one dataset.');
    return { suite: 'hmac', ...pin, trust };
  }
  const { engine } = options;
  if (engine !== undefined && (typeof engine !== 'object' || engine === null))
    throw malformed('engine', 'not an engine', 'Pass the result of createSodiumOprf.');
  // A check awaits it only after the statement, and gets the rejection then.
  Promise.resolve(engine).catch(() => {});
  return { suite: 'oprf', trust, engine, evaluators };
}

/** Other lines of Credveil, and what is wrong with them. */
const OTHER_LINES: readonly (readonly [RegExp, why: string])[] = [
  [/^\s*$/, 'it is empty: is its variable set?'],
  // The secret of a key file names no dataset: every dataset under it would answer.
  [/^\s*credveil-hmac-1\.\S+\s*$/, 'it does not name its dataset'],
  [/^\s*credveil-oprf-/, 'under the suite oprf pass trust alone'],
  [/^\s*credveil-trust-/, 'this line belongs in trust'],
  [/\S\s+\S/, 'more than one line: the second belongs in trust'],
];

function parseHmacPin(text: string): HmacPin {
  const [, why] = OTHER_LINES.find(([line]) => line.test(text)) ?? [];
  if (why !== undefined)
    throw new ProtocolError('KEY_MALFORMED', `key: ${why}`, 'Pass the line that `credveil key pin DATASET` prints.');
  return parseHmacPinText(text);
}

type Bounds = Pick<CheckerSettings, 'maxSnapshotAgeMs' | 'maxPrefixBits' | 'minUsernames' | 'memory'>;

export function parseBounds(options: LeakCheckerOptions, secrets: SuiteSettings): Bounds {
  const { maxSnapshotAgeMs = DEFAULT_SNAPSHOT_AGE_MS, minUsernames = 1, maxPrefixBits, memory } = options;
  // With split roles, the server of the buckets has no key and cannot compute the prefix of a
  // guess.
  const isOneServer = secrets.suite === 'oprf' && secrets.evaluators === undefined;
  return {
    maxSnapshotAgeMs: parseInteger('maxSnapshotAgeMs', maxSnapshotAgeMs, 1, Number.MAX_SAFE_INTEGER),
    maxPrefixBits: parsePrefixBits(maxPrefixBits, secrets.suite, isOneServer),
    minUsernames: parseInteger('minUsernames', minUsernames, 0, 2 ** 31),
    memory: parseMemory(memory),
  };
}

function parsePrefixBits(given: unknown = {}, suite: SuiteName, isOneServer: boolean): Bounds['maxPrefixBits'] {
  assertNames(given, INDEX_NAMES, 'maxPrefixBits.');
  const { account, password } = given as { account?: unknown; password?: unknown };
  // The prefix of a username is one of an unkeyed hash, whoever has the buckets.
  const accountBits = suite === 'oprf' ? EVALUATOR_PREFIX_BITS.account : MAX_PREFIX_BITS;
  const passwordBits = isOneServer ? EVALUATOR_PREFIX_BITS.password : MAX_PREFIX_BITS;
  return {
    account: parseInteger('maxPrefixBits.account', account ?? accountBits, 0, MAX_PREFIX_BITS),
    password: parseInteger('maxPrefixBits.password', password ?? passwordBits, 0, MAX_PREFIX_BITS),
  };
}

function parseMemory(memory: unknown): CheckerMemory | undefined {
  if (memory === undefined) return undefined;
  const { load, save } = (memory ?? {}) as Partial<CheckerMemory>;
  if (typeof load !== 'function' || typeof save !== 'function')
    throw malformed('memory', 'load or save is not a function', 'Pass { load, save }.');
  return memory as CheckerMemory;
}
