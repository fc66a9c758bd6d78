// Options of a checker: what the caller gives, and what is made of it once it has been checked.

import type { DatasetId, HmacKey, PublicKey } from '../protocol/brands.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { isDatasetId } from '../protocol/ids.ts';
import { parseClientKeyText, parseHmacKeyText, parsePublicKeyText } from '../protocol/keys.ts';
import type { Engine } from './engine.ts';
import { LookupError } from './errors.ts';
import { createEvents, type Events, type Hooks } from './events.ts';
import { createBytesSource, type FilterSource } from './filter-source.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import { createPolicy, type Policy, type PolicyOptions } from './verdict/policy.ts';

interface SharedOptions extends Hooks {
  /** Where the service is, http or https. It may have a path: `/v1/...` goes below it. */
  readonly url: string | URL;
  /** Pins the dataset: its id, 16 hex digits. Another one is `DATASET_MISMATCH`. */
  readonly dataset?: string;
  /** Deadline of a whole check in milliseconds, fetching the config included. Default 300. */
  readonly timeoutMs?: number;
  /** Longest answer that is read, in bytes. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /** Age in milliseconds at which the config, and with it the snapshot, is renewed in the background. Default 60,000. */
  readonly configMaxAgeMs?: number;
  /** Memory for buckets of the snapshot in force, in bytes. Default 4 MiB; 0 keeps none. */
  readonly bucketCacheBytes?: number;
  /** When a service that keeps failing is no longer waited for. `false`: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
  /** What `verdict.action` says. */
  readonly policy?: PolicyOptions;
  /** Stands in for the platform's fetch. */
  readonly fetch?: typeof fetch;
  /** Says who asks, `credveil-client-1.<id>.<secret>`, where the service wants to know: what `credveil client add` printed. */
  readonly clientKey?: string;
  /** Sent with every request, for a gateway that wants authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Holds the filter of the password index in memory, so that nothing is sent about a password that did not leak (under
   * `oprf` only a blinded element). Default false.
   */
  readonly passwordFilter?: boolean | PasswordFilterOptions;
}

export interface PasswordFilterOptions {
  /** Longest filter that is held, in bytes. Default 256 MiB: 120 million passwords. */
  readonly maxBytes?: number;
  /** How often it is asked whether there is a newer one. Default 60,000. */
  readonly refreshMs?: number;
  /** How long the filter may answer since it was last known to be current. Then buckets are asked for. Default an hour. */
  readonly maxAgeMs?: number;
  /** Where filters come from instead of the service: a file's bytes, or `createFileSource` of @credveil/client/node. */
  readonly source?: Uint8Array | FilterSource;
}

/** For a caller who holds the key, suite `hmac`. */
export interface HmacOptions extends SharedOptions {
  /** The secret of the dataset as text, `credveil-hmac-1.<id>.<secret>`. */
  readonly key: string;
  readonly publicKey?: undefined;
}

/** When the evaluator must prove that it used its published key: for one check in `sampleEvery`, for each, or for none. */
export const PROOF_POLICIES = ['sampled', 'always', 'never'] as const;
export type ProofPolicy = (typeof PROOF_POLICIES)[number];

/** For a caller who does not, suite `oprf`. */
export interface OprfOptions extends SharedOptions {
  /** The public key of the dataset as text, `credveil-oprf-public-1.<id>.<key>`. It is pinned. */
  readonly publicKey: string;
  readonly key?: undefined;
  /** Default `sampled`. */
  readonly proof?: ProofPolicy;
  /** One check in how many is proved where `proof` is `sampled`. Default 128. */
  readonly sampleEvery?: number;
  /** Computes in the group. Default @noble/curves, loaded when a checker is made. */
  readonly engine?: Engine | Promise<Engine>;
}

export type LeakCheckerOptions = HmacOptions | OprfOptions;

/** What of the options is of the suite `oprf` alone. */
export interface OprfSettings {
  readonly suite: 'oprf';
  readonly publicKey: PublicKey;
  readonly proof: ProofPolicy;
  readonly sampleEvery: number;
  readonly engine: Engine | Promise<Engine> | undefined;
}

export type SuiteSettings = { readonly suite: 'hmac'; readonly key: HmacKey } | OprfSettings;

export interface CheckerSettings {
  /** Ends in a slash. */
  readonly base: URL;
  readonly dataset: DatasetId | undefined;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly configMaxAgeMs: number;
  readonly bucketCacheBytes: number;
  readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  readonly policy: Policy;
  readonly events: Events;
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where it is off. */
  readonly passwordFilter: FilterSettings | undefined;
}

export interface FilterSettings {
  readonly maxBytes: number;
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  /** Undefined where it is the service. */
  readonly source: FilterSource | undefined;
}

const DEFAULT_TIMEOUT_MS = 300;
const DEFAULT_MAX_BODY_BYTES = 2 ** 24;
const DEFAULT_CONFIG_MAX_AGE_MS = 60_000;
const DEFAULT_BUCKET_CACHE_BYTES = 2 ** 22;
const DEFAULT_FAILURES = 5;
const DEFAULT_COOL_DOWN_MS = 1_000;
const DEFAULT_SAMPLE_EVERY = 128;
const DEFAULT_FILTER_BYTES = 2 ** 28;
const DEFAULT_FILTER_REFRESH_MS = 60_000;
const DEFAULT_FILTER_MAX_AGE_MS = 3_600_000;
/** Timers of most platforms overflow beyond. */
const MAX_MS = 2 ** 31 - 1;

type OptionName = keyof HmacOptions | keyof OprfOptions | `passwordFilter.${keyof PasswordFilterOptions}`;

function malformed(option: OptionName, why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${option}: ${why}`, hint);
}

/**
 * Checks all options, before anything is made of them.
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
      'Give at least { url, key } or { url, publicKey }.',
    );
  return { settings: parseSharedOptions(options), secrets: parseSuiteOptions(options) };
}

function parseSharedOptions(options: SharedOptions): CheckerSettings {
  const { dataset, timeoutMs, maxBodyBytes, configMaxAgeMs, bucketCacheBytes } = options;
  const { fetch: ownFetch, headers = {}, clientKey } = options;
  if (dataset !== undefined && !isDatasetId(dataset))
    throw malformed('dataset', 'not a dataset id', 'Give the 16 hex digits that `credveil stats` shows.');
  if (ownFetch !== undefined && typeof ownFetch !== 'function')
    throw malformed('fetch', 'not a function', "Leave it out to use the platform's.");
  return {
    base: parseBase(options.url),
    dataset,
    timeoutMs: parseInteger('timeoutMs', timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, MAX_MS),
    maxBodyBytes: parseInteger('maxBodyBytes', maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, 1, 2 ** 31),
    configMaxAgeMs: parseInteger('configMaxAgeMs', configMaxAgeMs ?? DEFAULT_CONFIG_MAX_AGE_MS, 0, MAX_MS),
    bucketCacheBytes: parseInteger('bucketCacheBytes', bucketCacheBytes ?? DEFAULT_BUCKET_CACHE_BYTES, 0, 2 ** 31),
    circuitBreaker: parseCircuitBreaker(options.circuitBreaker),
    policy: createPolicy(options.policy),
    events: createEvents(parseHooks(options)),
    // Looked up at each call, so that instrumentation which replaces it later is honoured; called bare, since a
    // browser's fetch refuses to be another object's method.
    fetch: ownFetch ? (input, init) => ownFetch(input, init) : (input, init) => globalThis.fetch(input, init),
    headers: { ...parseHeaders(headers), ...(clientKey !== undefined && authorization(clientKey)) },
    passwordFilter: parsePasswordFilter(options.passwordFilter),
  };
}

function parseSuiteOptions(options: LeakCheckerOptions): SuiteSettings {
  const { key, publicKey } = options;
  if (publicKey === undefined) return { suite: 'hmac', key: parseKey(parseHmacKeyText, key) };
  if (key !== undefined)
    throw malformed('publicKey', 'there is a key as well', 'Give the key of the suite that the dataset has.');
  const { proof = 'sampled', sampleEvery = DEFAULT_SAMPLE_EVERY, engine } = options;
  if (!PROOF_POLICIES.includes(proof))
    throw malformed('proof', 'none of sampled, always and never', 'Leave it out to use the default.');
  if (engine !== undefined && (typeof engine !== 'object' || engine === null))
    throw malformed('engine', 'not an engine', 'Give what createSodiumOprf of @credveil/client/sodium returns.');
  return {
    suite: 'oprf',
    publicKey: parseKey(parsePublicKeyText, publicKey),
    proof,
    sampleEvery: parseInteger('sampleEvery', sampleEvery, 1, MAX_MS),
    engine,
  };
}

function parseCircuitBreaker(options: unknown = {}): CheckerSettings['circuitBreaker'] {
  if (options === false) return undefined;
  if (typeof options !== 'object' || options === null)
    throw malformed(
      'circuitBreaker',
      'neither an object nor false',
      'Give { failures, coolDownMs } or one of the two.',
    );
  const { failures = DEFAULT_FAILURES, coolDownMs = DEFAULT_COOL_DOWN_MS } = options as CircuitBreakerOptions;
  return {
    failures: parseInteger('circuitBreaker', failures, 1, MAX_MS),
    coolDownMs: parseInteger('circuitBreaker', coolDownMs, 1, MAX_MS),
  };
}

function parseHooks({ onVerdict, onRequest, onCircuit }: Hooks): Hooks {
  for (const [name, hook] of Object.entries({ onVerdict, onRequest, onCircuit }))
    if (hook !== undefined && typeof hook !== 'function')
      throw malformed(name as keyof Hooks, 'not a function', 'Leave it out to hear nothing.');
  return { ...(onVerdict && { onVerdict }), ...(onRequest && { onRequest }), ...(onCircuit && { onCircuit }) };
}

function parseKey<Key>(parse: (text: string) => Key, text: unknown): Key {
  try {
    return parse(typeof text === 'string' ? text : '');
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new LookupError('KEY_MALFORMED', cause.message, cause.hint, { cause });
  }
}

function parseBase(url: string | URL): URL {
  let base: URL;
  try {
    base = new URL(String(url));
  } catch {
    // The platform's error quotes its input, which may hold a password: it does not become the cause.
    throw malformed('url', 'not a URL', 'Give an absolute URL, such as https://leaks.example.org/.');
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw malformed('url', 'neither http nor https', 'Give the URL of a Credveil server.');
  if (base.username !== '' || base.password !== '')
    throw malformed('url', 'it holds credentials', 'Send them in the option headers.');
  if (base.search !== '' || base.hash !== '')
    throw malformed('url', 'it has a query or a fragment', 'Give the URL without them.');
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function parsePasswordFilter(given: unknown): FilterSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== 'object' || options === null)
    throw malformed('passwordFilter', 'neither a boolean nor an object', 'Give true, or { maxBytes, … }.');
  const { maxBytes, refreshMs, maxAgeMs, source } = options as PasswordFilterOptions;
  const integer = (name: 'maxBytes' | 'refreshMs' | 'maxAgeMs', value: unknown, high: number): number =>
    parseInteger(`passwordFilter.${name}`, value, 0, high);
  const isSource = typeof (source as FilterSource | undefined)?.open === 'function';
  if (source !== undefined && !isSource && !(source instanceof Uint8Array))
    throw malformed('passwordFilter.source', 'neither bytes nor a source', 'Give what createFileSource returns.');
  return {
    maxBytes: integer('maxBytes', maxBytes ?? DEFAULT_FILTER_BYTES, 2 ** 33),
    refreshMs: integer('refreshMs', refreshMs ?? DEFAULT_FILTER_REFRESH_MS, MAX_MS),
    maxAgeMs: integer('maxAgeMs', maxAgeMs ?? DEFAULT_FILTER_MAX_AGE_MS, Number.MAX_SAFE_INTEGER),
    source: source instanceof Uint8Array ? createBytesSource(source) : source,
  };
}

function parseInteger(option: OptionName, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    throw malformed(option, `not an integer from ${low} to ${high}`, 'Leave it out to use the default.');
  return value;
}

function authorization(clientKey: string): Record<string, string> {
  return { authorization: `Bearer ${parseKey(parseClientKeyText, clientKey)}` };
}

/** Checked here, because fetch would refuse them at every request and look like a broken network. RFC 9110 §5. */
function parseHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null)
    throw malformed('headers', 'not an object', 'Give names and values as strings.');
  const parsed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw malformed('headers', 'a name is not an HTTP field name', 'Give names such as authorization.');
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw malformed('headers', 'a value is not an HTTP field value', 'Leave out line breaks and control characters.');
    parsed[name.toLowerCase()] = value;
  }
  return parsed;
}
