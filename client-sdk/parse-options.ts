// Parses a checker's options: rejects malformed values and fills in the defaults.

import { LookupError } from './errors.ts';
import { createEvents, type Hooks } from './events.ts';
import type { FilterSource, VerifiedFilterSource } from './filter-source.ts';
import { FILTER_NAMES, HMAC_NAMES, HOOK_NAMES, OPRF_NAMES } from './option-names.ts';
import { assertNames, type Integers, malformed, parseIntegers } from './option-values.ts';
import type {
  CheckerSettings,
  FilterSettings,
  LeakCheckerOptions,
  PasswordFilterOptions,
  SuiteSettings,
} from './options.ts';
import { parseRoles } from './parse-endpoints.ts';
import { parseBounds, parseSuiteOptions } from './parse-pins.ts';
import type { Attachable } from './replica/attachable.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import { createPolicy } from './verdict/policy.ts';

/** Timers of most platforms overflow above this. */
const MAX_MS = 2 ** 31 - 1;

const INTEGERS = {
  timeoutMs: [300, 1, MAX_MS],
  maxBodyBytes: [2 ** 24, 1, 2 ** 31],
  headMaxAgeMs: [60_000, 0, MAX_MS],
  bucketCacheBytes: [2 ** 22, 0, 2 ** 31],
} as const;
const BREAKER: Integers<keyof CircuitBreakerOptions> = { failures: [5, 1, MAX_MS], coolDownMs: [1_000, 1, MAX_MS] };

/**
 * Parses all options before any of them takes effect.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`; the message never quotes a value
 */
export function parseOptions(options: LeakCheckerOptions): {
  readonly settings: CheckerSettings;
  readonly secrets: SuiteSettings;
} {
  if (typeof options !== 'object' || options === null)
    throw new LookupError(
      'OPTION_MALFORMED',
      'options: not an object',
      'Pass at least { url, key } or { url, trust }.',
    );
  assertNames(options, options.key === undefined ? OPRF_NAMES : HMAC_NAMES);
  const { buckets, evaluators } = parseRoles(options);
  const secrets = parseSuiteOptions(options, evaluators);
  return { settings: { ...buckets, ...parseSettings(options, secrets) }, secrets };
}

function parseSettings(options: LeakCheckerOptions, secrets: SuiteSettings): Omit<CheckerSettings, 'base' | 'headers'> {
  const { fetch: ownFetch } = options;
  if (ownFetch !== undefined && typeof ownFetch !== 'function')
    throw malformed('fetch', 'not a function', "Omit it to use the platform's.");
  const bounds = parseBounds(options, secrets);
  const replica = options.replica as Attachable | undefined;
  if (replica && !replica.attach) throw malformed('replica', 'not one', 'Pass the result of createReplica.');
  return {
    ...bounds,
    ...parseIntegers(INTEGERS, options),
    circuitBreaker: parseCircuitBreaker(options.circuitBreaker),
    policy: createPolicy(options.policy),
    events: createEvents(parseHooks(options)),
    // Read from globalThis at each call, so that instrumentation can replace it later. Called
    // without a receiver: a browser's fetch throws as a method of another object.
    fetch: ownFetch ? (input, init) => ownFetch(input, init) : (input, init) => globalThis.fetch(input, init),
    // A replica needs none.
    passwordFilter: replica ? undefined : parsePasswordFilter(options.passwordFilter, bounds.maxSnapshotAgeMs),
    replica,
    hashes: replica?.hashes,
  };
}

function parseCircuitBreaker(options: CircuitBreakerOptions | false = {}): CheckerSettings['circuitBreaker'] {
  if (options === false) return undefined;
  assertNames(options, BREAKER, 'circuitBreaker.');
  return parseIntegers(BREAKER, options, 'circuitBreaker.');
}

function parseHooks(options: Hooks): Hooks {
  for (const name of HOOK_NAMES)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw malformed(name, 'not a function', 'Pass a function, or omit it.');
  return options;
}

function parsePasswordFilter(given: unknown, snapshotAgeMs: number): FilterSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options = (given === true ? {} : given) as PasswordFilterOptions;
  assertNames(options, FILTER_NAMES, 'passwordFilter.');
  const { source } = options;
  const { open, load } = (source ?? {}) as Partial<FilterSource & VerifiedFilterSource>;
  const isSource = typeof open === 'function' || typeof load === 'function';
  if (source !== undefined && !isSource && !(source instanceof Uint8Array))
    throw malformed('passwordFilter.source', 'neither bytes nor a source', 'Pass a Uint8Array or a FilterSource.');
  const integers = {
    maxBytes: [2 ** 28, 0, 2 ** 36],
    refreshMs: [60_000, 0, MAX_MS],
    maxAgeMs: [snapshotAgeMs, 0, Number.MAX_SAFE_INTEGER],
  } as const;
  return { ...parseIntegers(integers, options, 'passwordFilter.'), source };
}
