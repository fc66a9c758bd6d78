// Parses what a caller pins: the lines of its dataset, and the bounds of what it believes.

import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import { parseHmacPinText, parseTrustText } from '../protocol/signed/trust.ts';
import { assertNames, type Integers, malformed, parseIntegers, parseKey } from './option-values.ts';
import type { CheckerMemory, CheckerSettings, Endpoint, LeakCheckerOptions, SuiteSettings } from './options.ts';

const MAX_PREFIX_BITS = 26;
const INTEGERS = {
  // An hour more than the validity of a head that is renewed daily.
  maxSnapshotAgeMs: [90_000_000, 1, Number.MAX_SAFE_INTEGER],
  minUsernames: [1, 0, 2 ** 31],
} as const;
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
    const pin = parseKey(parseHmacPinText, key);
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

type Bounds = Pick<CheckerSettings, 'maxSnapshotAgeMs' | 'maxPrefixBits' | 'minUsernames' | 'memory'>;

export function parseBounds(options: LeakCheckerOptions, secrets: SuiteSettings): Bounds {
  // A checker with a replica sends no prefix. With split roles, the server of the buckets has no
  // key and cannot compute the prefix of a guess.
  const isEvaluated = secrets.suite === 'oprf' && !options.replica;
  return {
    ...parseIntegers(INTEGERS, options),
    maxPrefixBits: parsePrefixBits(
      options.maxPrefixBits,
      isEvaluated,
      secrets.suite === 'oprf' && isEvaluated && !secrets.evaluators,
    ),
    memory: parseMemory(options.memory),
  };
}

function parsePrefixBits(given: unknown = {}, isEvaluated: boolean, isOneServer: boolean): Bounds['maxPrefixBits'] {
  assertNames(given, INDEX_NAMES, 'maxPrefixBits.');
  // The prefix of a username is one of an unkeyed hash, whoever has the buckets.
  const accountBits = isEvaluated ? EVALUATOR_PREFIX_BITS.account : MAX_PREFIX_BITS;
  const passwordBits = isOneServer ? EVALUATOR_PREFIX_BITS.password : MAX_PREFIX_BITS;
  const integers: Integers<IndexName> = {
    account: [accountBits, 0, MAX_PREFIX_BITS],
    password: [passwordBits, 0, MAX_PREFIX_BITS],
  };
  return parseIntegers(integers, given as Bounds['maxPrefixBits'], 'maxPrefixBits.');
}

function parseMemory(memory: unknown): CheckerMemory | undefined {
  if (memory === undefined) return undefined;
  const { load, save } = (memory ?? {}) as Partial<CheckerMemory>;
  if (typeof load !== 'function' || typeof save !== 'function')
    throw malformed('memory', 'load or save is not a function', 'Pass { load, save }.');
  return memory as CheckerMemory;
}
