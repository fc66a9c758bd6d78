// Parses a checker's options: rejects malformed values and fills in the defaults.

import { LookupError } from './errors.ts';
import { createEvents, type Hooks } from './events.ts';
import type { FilterSource, VerifiedFilterSource } from './filter-source.ts';
import { BREAKER_NAMES, FILTER_NAMES, HMAC_NAMES, HOOK_NAMES, OPRF_NAMES } from './option-names.ts';
import { assertNames, malformed, parseInteger } from './option-values.ts';
import type {
  CheckerSettings,
  FilterSettings,
  LeakCheckerOptions,
  PasswordFilterOptions,
  SuiteSettings,
} from './options.ts';
import { parseRoles } from './parse-endpoints.ts';
import { parseBounds, parseSuiteOptions } from './parse-pins.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import { createPolicy } from './verdict/policy.ts';

const DEFAULT_TIMEOUT_MS = 300;
const DEFAULT_MAX_BODY_BYTES = 2 ** 24;
const DEFAULT_HEAD_MAX_AGE_MS = 60_000;
const DEFAULT_BUCKET_CACHE_BYTES = 2 ** 22;
const DEFAULT_FAILURES = 5;
const DEFAULT_COOL_DOWN_MS = 1_000;
const DEFAULT_FILTER_BYTES = 2 ** 28;
const DEFAULT_FILTER_REFRESH_MS = 60_000;
/** Timers of most platforms overflow above this. */
const MAX_MS = 2 ** 31 - 1;

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
  const { timeoutMs, maxBodyBytes, headMaxAgeMs, bucketCacheBytes, fetch: ownFetch } = options;
  if (ownFetch !== undefined && typeof ownFetch !== 'function')
    throw malformed('fetch', 'not a function', "Omit it to use the platform's.");
  const bounds = parseBounds(options, secrets);
  return {
    ...bounds,
    timeoutMs: parseInteger('timeoutMs', timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, MAX_MS),
    maxBodyBytes: parseInteger('maxBodyBytes', maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, 1, 2 ** 31),
    headMaxAgeMs: parseInteger('headMaxAgeMs', headMaxAgeMs ?? DEFAULT_HEAD_MAX_AGE_MS, 0, MAX_MS),
    bucketCacheBytes: parseInteger('bucketCacheBytes', bucketCacheBytes ?? DEFAULT_BUCKET_CACHE_BYTES, 0, 2 ** 31),
    circuitBreaker: parseCircuitBreaker(options.circuitBreaker),
    policy: createPolicy(options.policy),
    events: createEvents(parseHooks(options)),
    // Read from globalThis at each call, so that instrumentation can replace it later. Called
    // without a receiver: a browser's fetch throws as a method of another object.
    fetch: ownFetch ? (input, init) => ownFetch(input, init) : (input, init) => globalThis.fetch(input, init),
    passwordFilter: parsePasswordFilter(options.passwordFilter, bounds.maxSnapshotAgeMs),
  };
}

function parseCircuitBreaker(options: CircuitBreakerOptions | false = {}): CheckerSettings['circuitBreaker'] {
  if (options === false) return undefined;
  assertNames(options, BREAKER_NAMES, 'circuitBreaker.');
  const { failures = DEFAULT_FAILURES, coolDownMs = DEFAULT_COOL_DOWN_MS } = options;
  return {
    failures: parseInteger('circuitBreaker', failures, 1, MAX_MS),
    coolDownMs: parseInteger('circuitBreaker', coolDownMs, 1, MAX_MS),
  };
}

function parseHooks(options: Hooks): Hooks {
  for (const name of HOOK_NAMES)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw malformed(name, 'not a function', 'Pass a function, or omit it.');
  return options;
}

function parsePasswordFilter(given: unknown, snapshotAgeMs: number): FilterSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== 'object' || options === null)
    throw malformed('passwordFilter', 'neither a boolean nor an object', 'Pass true, or { maxBytes }.');
  assertNames(options, FILTER_NAMES, 'passwordFilter.');
  const { maxBytes, refreshMs, maxAgeMs, source } = options as PasswordFilterOptions;
  const integer = (name: 'maxBytes' | 'refreshMs' | 'maxAgeMs', value: unknown, high: number): number =>
    parseInteger(`passwordFilter.${name}`, value, 0, high);
  const { open, load } = (source ?? {}) as Partial<FilterSource & VerifiedFilterSource>;
  const isSource = typeof open === 'function' || typeof load === 'function';
  if (source !== undefined && !isSource && !(source instanceof Uint8Array))
    throw malformed('passwordFilter.source', 'neither bytes nor a source', 'Pass a Uint8Array or a FilterSource.');
  return {
    maxBytes: integer('maxBytes', maxBytes ?? DEFAULT_FILTER_BYTES, 2 ** 33),
    refreshMs: integer('refreshMs', refreshMs ?? DEFAULT_FILTER_REFRESH_MS, MAX_MS),
    maxAgeMs: integer('maxAgeMs', maxAgeMs ?? snapshotAgeMs, Number.MAX_SAFE_INTEGER),
    source,
  };
}
