// Options of a checker, and the settings that they are parsed into.

import type { DatasetId, HmacKey, PublicKey } from '../protocol/brands.ts';
import type { Engine } from './engine.ts';
import type { Events, Hooks } from './events.ts';
import type { FilterSource } from './filter-source.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import type { Policy, PolicyOptions } from './verdict/policy.ts';

/**
 * A server: its base URL, or an object that adds what this server alone requires.
 * @example
 * ```ts
 * import { createLeakChecker, type ServerAddress } from '@credveil/client';
 *
 * const buckets: ServerAddress = { url: 'https://cdn.example.org/leaks', headers: { 'x-api-key': 'of this server' } };
 * createLeakChecker({ url, publicKey, bucketsUrl: buckets });
 * ```
 */
export type ServerAddress = string | URL | ServerParts;

/**
 * A server with what it alone requires of a client.
 * @example
 * ```ts
 * import { createLeakChecker, type ServerParts } from '@credveil/client';
 *
 * const evaluators: readonly ServerParts[] = [
 *   { url: 'https://first.example.org' },
 *   { url: 'https://second.example.net', headers: { 'x-api-key': 'of this server' } },
 * ];
 * createLeakChecker({ url, publicKey, evaluators });
 * ```
 */
export interface ServerParts {
  /** As the option `url`. */
  readonly url: string | URL;
  /** As the option `clientKey`. */
  readonly clientKey?: string;
  /** As the option `headers`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SharedOptions extends Hooks {
  /** Base URL of the service, http or https. It may have a path: `/v1/...` is appended to it. */
  readonly url: string | URL;
  /** Pins the dataset by its id, 16 hex digits. Any other dataset is `DATASET_MISMATCH`. */
  readonly dataset?: string;
  /** Deadline of a whole check in milliseconds, including fetching the config. Default 300. */
  readonly timeoutMs?: number;
  /** Maximum bytes of a response. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * Maximum age in milliseconds of the config, and with it of the snapshot. A checker in use renews
   * it before that, in the background; after idle, a check waits for the newer one for half of its
   * deadline. Default 60,000.
   */
  readonly configMaxAgeMs?: number;
  /** Maximum bytes of memory for buckets of the current snapshot. Default 4 MiB; 0 caches none. */
  readonly bucketCacheBytes?: number;
  /** When checks stop waiting for a failing service. `false`: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
  /** Determines `verdict.action`. */
  readonly policy?: PolicyOptions;
  /** Replaces the platform's fetch. */
  readonly fetch?: typeof fetch;
  /**
   * Identifies this client to a service that has a client list: the key that `credveil client add`
   * printed, `credveil-client-1.<id>.<secret>`.
   */
  readonly clientKey?: string;
  /** Headers of every request, for a gateway that requires authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Holds the filter of the password index in memory, so that a check of a password that did not
   * leak sends nothing about it (under `oprf`, only a blinded element). Default false.
   */
  readonly passwordFilter?: boolean | PasswordFilterOptions;
}

/**
 * Options of the password filter.
 * @example
 * ```ts
 * import { createLeakChecker, type PasswordFilterOptions } from '@credveil/client';
 *
 * const passwordFilter: PasswordFilterOptions = { maxBytes: 2 ** 30, maxAgeMs: 600_000 };
 * const leaks = createLeakChecker({ url, key, passwordFilter });
 * await leaks.loadFilter();
 * ```
 */
export interface PasswordFilterOptions {
  /** Maximum bytes of a filter. Default 256 MiB: 120 million passwords. */
  readonly maxBytes?: number;
  /** Milliseconds between requests for a newer filter. Default 60,000. */
  readonly refreshMs?: number;
  /**
   * Milliseconds that a filter may answer after it was last known to be current. After that, checks
   * request buckets. Default 3,600,000, an hour.
   */
  readonly maxAgeMs?: number;
  /**
   * An origin other than the service: the bytes of a filter file, or `createFileSource` of
   * `@credveil/client/node`.
   */
  readonly source?: Uint8Array | FilterSource;
}

/**
 * Options of a caller that holds the secret key, suite `hmac`.
 * @example
 * ```ts
 * import { createLeakChecker, type HmacOptions } from '@credveil/client';
 *
 * const options: HmacOptions = { url, key, timeoutMs: 2_000 };
 * await createLeakChecker(options).ready();
 * ```
 */
export interface HmacOptions extends SharedOptions {
  /** The dataset's secret key as text, `credveil-hmac-1.<id>.<secret>`. */
  readonly key: string;
  readonly publicKey?: undefined;
}

/**
 * Options of a caller that holds no secret key, suite `oprf`.
 * @example
 * ```ts
 * import { createLeakChecker, type OprfOptions } from '@credveil/client';
 *
 * const options: OprfOptions = { url, publicKey, timeoutMs: 2_000 };
 * await createLeakChecker(options).ready();
 * ```
 */
export interface OprfOptions extends SharedOptions {
  /** The dataset's public key as text, `credveil-oprf-public-1.<id>.<key>`. It is pinned. */
  readonly publicKey: string;
  readonly key?: undefined;
  /**
   * Splits the roles: another server, without the key, serves config, filter and buckets, and the
   * one at `url` only evaluates. Its `clientKey` and `headers` are its own: those beside `url` are
   * not sent to it.
   */
  readonly bucketsUrl?: ServerAddress;
  /**
   * One to eight servers that evaluate, while the one at `url` serves config, filter and buckets.
   * Each of several holds a part of the key (`credveil keygen --split`), and all have to answer.
   */
  readonly evaluators?: readonly ServerAddress[];
  /** The curve implementation. Default @noble/curves, loaded when the checker is created. */
  readonly engine?: Engine | Promise<Engine>;
}

/**
 * Options of either suite.
 * @example
 * ```ts
 * import { createLeakChecker, type LeakCheckerOptions } from '@credveil/client';
 *
 * const keys: readonly LeakCheckerOptions[] = [
 *   { url, key, bucketCacheBytes: 0 },
 *   { url, publicKey, bucketCacheBytes: 0 },
 * ];
 * const [keyed, keyless] = keys.map((options) => createLeakChecker(options));
 * ```
 */
export type LeakCheckerOptions = HmacOptions | OprfOptions;

/** Parsed options that only the suite `oprf` has. */
export interface OprfSettings {
  readonly suite: 'oprf';
  readonly publicKey: PublicKey;
  readonly engine: Engine | Promise<Engine> | undefined;
  /** The servers that evaluate and serve no buckets. Undefined if one server does both. */
  readonly evaluators: readonly Endpoint[] | undefined;
}

export type SuiteSettings = { readonly suite: 'hmac'; readonly key: HmacKey } | OprfSettings;

/** A server, parsed. */
export interface Endpoint {
  /** Ends in a slash. */
  readonly base: URL;
  /** Names in lower case; `authorization` is the client key. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Parsed options of either suite. The endpoint is that of config, filter and buckets. */
export interface CheckerSettings extends Endpoint {
  readonly dataset: DatasetId | undefined;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly configMaxAgeMs: number;
  readonly bucketCacheBytes: number;
  /** Undefined if it is off. */
  readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  readonly policy: Policy;
  readonly events: Events;
  readonly fetch: typeof fetch;
  /** Undefined if it is off. */
  readonly passwordFilter: FilterSettings | undefined;
}

export interface FilterSettings {
  readonly maxBytes: number;
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  /** Undefined if the service is the source. */
  readonly source: FilterSource | undefined;
}
