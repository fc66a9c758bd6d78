// Parses a checker's options: rejects malformed values and fills in the defaults.

import { ProtocolError } from '../protocol/errors.ts';
import { isDatasetId } from '../protocol/ids.ts';
import { parseClientKeyText, parseHmacKeyText, parsePublicKeyText } from '../protocol/keys.ts';
import { LookupError } from './errors.ts';
import { createEvents, type Hooks } from './events.ts';
import { createBytesSource, type FilterSource } from './filter-source.ts';
import { assertNames, BREAKER_NAMES, FILTER_NAMES, HMAC_NAMES, OPRF_NAMES, SERVER_NAMES } from './option-names.ts';
import type {
  CheckerSettings,
  Endpoint,
  FilterSettings,
  HmacOptions,
  LeakCheckerOptions,
  OprfOptions,
  PasswordFilterOptions,
  ServerAddress,
  ServerParts,
  SharedOptions,
  SuiteSettings,
} from './options.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import { createPolicy } from './verdict/policy.ts';

const DEFAULT_TIMEOUT_MS = 300;
const DEFAULT_MAX_BODY_BYTES = 2 ** 24;
const DEFAULT_CONFIG_MAX_AGE_MS = 60_000;
const DEFAULT_BUCKET_CACHE_BYTES = 2 ** 22;
const DEFAULT_FAILURES = 5;
const DEFAULT_COOL_DOWN_MS = 1_000;
const DEFAULT_FILTER_BYTES = 2 ** 28;
const DEFAULT_FILTER_REFRESH_MS = 60_000;
const DEFAULT_FILTER_MAX_AGE_MS = 3_600_000;
/** Timers of most platforms overflow above this. */
const MAX_MS = 2 ** 31 - 1;

type OptionName = keyof HmacOptions | keyof OprfOptions | `passwordFilter.${keyof PasswordFilterOptions}`;

function malformed(option: OptionName, why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${option}: ${why}`, hint);
}

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
      'Pass at least { url, key } or { url, publicKey }.',
    );
  assertNames(options, options.publicKey === undefined ? HMAC_NAMES : OPRF_NAMES);
  const place = parseEndpoint('url', options);
  const { buckets = place, evaluators } = options.publicKey === undefined ? {} : parseRoles(options, place);
  return { settings: { ...parseSharedOptions(options), ...buckets }, secrets: parseSuiteOptions(options, evaluators) };
}

function parseSharedOptions(options: SharedOptions): Omit<CheckerSettings, keyof Endpoint> {
  const { dataset, timeoutMs, maxBodyBytes, configMaxAgeMs, bucketCacheBytes } = options;
  const { fetch: ownFetch } = options;
  if (dataset !== undefined && !isDatasetId(dataset))
    throw malformed('dataset', 'not a dataset id', 'Pass the 16 hex digits that `credveil stats` prints.');
  if (ownFetch !== undefined && typeof ownFetch !== 'function')
    throw malformed('fetch', 'not a function', "Omit it to use the platform's.");
  return {
    dataset,
    timeoutMs: parseInteger('timeoutMs', timeoutMs ?? DEFAULT_TIMEOUT_MS, 1, MAX_MS),
    maxBodyBytes: parseInteger('maxBodyBytes', maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES, 1, 2 ** 31),
    configMaxAgeMs: parseInteger('configMaxAgeMs', configMaxAgeMs ?? DEFAULT_CONFIG_MAX_AGE_MS, 0, MAX_MS),
    bucketCacheBytes: parseInteger('bucketCacheBytes', bucketCacheBytes ?? DEFAULT_BUCKET_CACHE_BYTES, 0, 2 ** 31),
    circuitBreaker: parseCircuitBreaker(options.circuitBreaker),
    policy: createPolicy(options.policy),
    events: createEvents(parseHooks(options)),
    // Read from globalThis at each call, so that instrumentation can replace it later. Called
    // without a receiver: a browser's fetch throws as a method of another object.
    fetch: ownFetch ? (input, init) => ownFetch(input, init) : (input, init) => globalThis.fetch(input, init),
    passwordFilter: parsePasswordFilter(options.passwordFilter),
  };
}

const MAX_EVALUATORS = 8;

interface Roles {
  readonly buckets?: Endpoint;
  readonly evaluators?: readonly Endpoint[];
}

/** @returns the server of config, filter and buckets if it is not at `url`, and the evaluators */
function parseRoles({ bucketsUrl, evaluators }: OprfOptions, place: Endpoint): Roles {
  if (bucketsUrl !== undefined && evaluators !== undefined)
    throw malformed(
      'bucketsUrl',
      'given together with evaluators',
      'With evaluators, url is the server of the buckets: omit bucketsUrl.',
    );
  if (bucketsUrl !== undefined) {
    const buckets = parseAddress('bucketsUrl', bucketsUrl);
    assertDistinct('bucketsUrl', [buckets, place]);
    return { buckets, evaluators: [place] };
  }
  if (evaluators === undefined) return {};
  if (!Array.isArray(evaluators) || evaluators.length < 1 || evaluators.length > MAX_EVALUATORS)
    throw malformed('evaluators', `not a list of 1 to ${MAX_EVALUATORS} servers`, 'Omit it if url evaluates.');
  const parsed = evaluators.map((address: ServerAddress) => parseAddress('evaluators', address));
  assertDistinct('evaluators', parsed.length === 1 ? [...parsed, place] : parsed);
  return { evaluators: parsed };
}

/** Roles that are not split, or a part of the key that counts twice. @throws LookupError */
function assertDistinct(option: OptionName, endpoints: readonly Endpoint[]): void {
  if (new Set(endpoints.map(({ base }) => base.href)).size < endpoints.length)
    throw malformed(option, 'the same server twice', 'Name different servers, or omit the option.');
}

function parseAddress(option: OptionName, address: unknown): Endpoint {
  if (typeof address === 'string' || address instanceof URL) return parseEndpoint(option, { url: address });
  if (typeof address !== 'object' || address === null)
    throw malformed(option, 'neither a URL nor an object', 'Pass a URL, or { url, clientKey, headers }.');
  assertNames(address, SERVER_NAMES, `${option}.`);
  return parseEndpoint(option, address as ServerParts);
}

function parseEndpoint(option: OptionName, { url, headers = {}, clientKey }: ServerParts): Endpoint {
  return {
    base: parseBase(option, url),
    headers: { ...parseHeaders(headers), ...(clientKey !== undefined && authorization(clientKey)) },
  };
}

function parseSuiteOptions(options: LeakCheckerOptions, evaluators: readonly Endpoint[] | undefined): SuiteSettings {
  const { key, publicKey } = options;
  if (publicKey === undefined) return { suite: 'hmac', key: parseKey(parseHmacKeyText, key) };
  if (key !== undefined)
    throw malformed('publicKey', 'given together with key', 'Pass only the key of the suite that the dataset uses.');
  const { engine } = options;
  if (engine !== undefined && (typeof engine !== 'object' || engine === null))
    throw malformed('engine', 'not an engine', 'Pass the result of createSodiumOprf from @credveil/client/sodium.');
  return {
    suite: 'oprf',
    publicKey: parseKey(parsePublicKeyText, publicKey),
    engine,
    evaluators,
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

function parseHooks({ onVerdict, onRequest, onCircuit, onQuotaExceeded }: Hooks): Hooks {
  const hooks = Object.entries({ onVerdict, onRequest, onCircuit, onQuotaExceeded });
  for (const [name, hook] of hooks)
    if (hook !== undefined && typeof hook !== 'function')
      throw malformed(name as keyof Hooks, 'not a function', 'Pass a function, or omit it.');
  return Object.fromEntries(hooks.filter(([, hook]) => hook)) as Hooks;
}

function parseKey<Key>(parse: (text: string) => Key, text: unknown): Key {
  try {
    return parse(typeof text === 'string' ? text : '');
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new LookupError('KEY_MALFORMED', cause.message, cause.hint, { cause });
  }
}

function parseBase(option: OptionName, url: string | URL): URL {
  let base: URL;
  try {
    base = new URL(String(url));
  } catch {
    // The platform's error quotes its input, which may contain a password, so it is not the cause.
    throw malformed(option, 'not a URL', 'Pass an absolute URL, such as https://leaks.example.org/.');
  }
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw malformed(option, 'neither http nor https', 'Pass the URL of a Credveil server.');
  if (base.username !== '' || base.password !== '')
    throw malformed(option, 'it contains credentials', 'Pass them in the option headers.');
  if (base.search !== '' || base.hash !== '')
    throw malformed(option, 'it has a query or a fragment', 'Remove them from the URL.');
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function parsePasswordFilter(given: unknown): FilterSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options = given === true ? {} : given;
  if (typeof options !== 'object' || options === null)
    throw malformed(
      'passwordFilter',
      'neither a boolean nor an object',
      'Pass true, or an object such as { maxBytes }.',
    );
  assertNames(options, FILTER_NAMES, 'passwordFilter.');
  const { maxBytes, refreshMs, maxAgeMs, source } = options as PasswordFilterOptions;
  const integer = (name: 'maxBytes' | 'refreshMs' | 'maxAgeMs', value: unknown, high: number): number =>
    parseInteger(`passwordFilter.${name}`, value, 0, high);
  const isSource = typeof (source as FilterSource | undefined)?.open === 'function';
  if (source !== undefined && !isSource && !(source instanceof Uint8Array))
    throw malformed(
      'passwordFilter.source',
      'neither bytes nor a source',
      'Pass a Uint8Array, or the result of createFileSource.',
    );
  return {
    maxBytes: integer('maxBytes', maxBytes ?? DEFAULT_FILTER_BYTES, 2 ** 33),
    refreshMs: integer('refreshMs', refreshMs ?? DEFAULT_FILTER_REFRESH_MS, MAX_MS),
    maxAgeMs: integer('maxAgeMs', maxAgeMs ?? DEFAULT_FILTER_MAX_AGE_MS, Number.MAX_SAFE_INTEGER),
    source: source instanceof Uint8Array ? createBytesSource(source) : source,
  };
}

function parseInteger(option: OptionName, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    throw malformed(option, `not an integer from ${low} to ${high}`, 'Omit it to use the default.');
  return value;
}

function authorization(clientKey: string): Record<string, string> {
  return { authorization: `Bearer ${parseKey(parseClientKeyText, clientKey)}` };
}

/**
 * Malformed headers would make fetch fail at every request, like a broken network. RFC 9110 §5.
 */
function parseHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null)
    throw malformed('headers', 'not an object', 'Pass an object of names and values, both strings.');
  const parsed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      throw malformed('headers', 'a name is not an HTTP field name', 'Use names such as authorization.');
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw malformed('headers', 'a value is not an HTTP field value', 'Remove line breaks and control characters.');
    parsed[name.toLowerCase()] = value;
  }
  return parsed;
}
