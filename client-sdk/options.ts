// Options of a checker, and the settings that they are parsed into.

import type { IndexName } from '../protocol/bucket-id.ts';
import type { Hashes } from '../protocol/seal.ts';
import type { HmacPin, Trust } from '../protocol/signed/trust.ts';
import type { Engine } from './engine.ts';
import type { Events, Hooks } from './events.ts';
import type { FilterSource, VerifiedFilterSource } from './filter-source.ts';
import type { Replica } from './replica/handle.ts';
import type { CircuitBreakerOptions } from './transport/circuit-breaker.ts';
import type { Fetch } from './transport/fetch.ts';
import type { Policy, PolicyOptions } from './verdict/policy.ts';

/**
 * A server: its base URL, or an object that adds what this server alone requires.
 * @example
 * ```ts
 * import { createLeakChecker, type ServerAddress } from '@credveil/client';
 *
 * const buckets: ServerAddress = { url: 'https://cdn.example.org/leaks', headers: { 'x-api-key': 'of this server' } };
 * createLeakChecker({ url, trust, bucketsUrl: buckets });
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
 * createLeakChecker({ url, trust, evaluators });
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
  /** Deadline of a whole check in milliseconds, including fetching the head. Default 300. */
  readonly timeoutMs?: number;
  /** Maximum bytes of a response. Default 16 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * How often the checker asks which snapshot is the current one, in milliseconds. In use it asks
   * before that, in the background; after idle, a check waits for the answer for half of its
   * deadline. Default 60,000.
   */
  readonly headMaxAgeMs?: number;
  /**
   * Maximum milliseconds since the publisher, or its timer, last said which snapshot is the current
   * one: after that, checks are `SNAPSHOT_STALE`. Default 90,000,000, 25 hours.
   */
  readonly maxSnapshotAgeMs?: number;
  /**
   * Maximum bits of a hash that a request may reveal. A dataset with longer prefixes is
   * `PREFIX_TOO_LONG`. Default 26 with a key; without, 20 of a username and 12 of a password.
   */
  readonly maxPrefixBits?: { readonly [name in IndexName]?: number };
  /**
   * Minimum usernames of the dataset that share a prefix, on average, if it has any bits. A dataset
   * with fewer is `PREFIX_TOO_LONG`. Default 1.
   */
  readonly minUsernames?: number;
  /** Keeps what the checker has seen across restarts. Default: nothing is kept. */
  readonly memory?: CheckerMemory;
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
  /**
   * Answers from a copy on disk, so that no request tells about a check (under `oprf`, only blinded
   * elements are sent): `createReplica` of `@credveil/client/replica`. Default: none.
   */
  readonly replica?: Replica;
}

/**
 * Keeps one short text for checkers, for example in a file or a database: which snapshots they have
 * seen, so that a service that is restarted together with them cannot go back to an older one, and
 * whether an evaluator was caught. The text is not secret, but must not be writable by others.
 * Checkers of several processes and pinned lines may share it: each loads it again before it saves,
 * and only adds. What two processes save at the same moment may lose the entry of one, until that
 * one sees its next head.
 * @example
 * ```ts
 * import type { CheckerMemory } from '@credveil/client';
 *
 * const kept = new Map<string, string>();
 * const memory: CheckerMemory = {
 *   load: () => kept.get('leaks'),
 *   save: (text) => void kept.set('leaks', text),
 * };
 * ```
 */
export interface CheckerMemory {
  /**
   * The text that was saved last; undefined or null if there is none. Called before the first check
   * and at each head. If the first call throws or rejects, checks are `MEMORY_FAILED`; after a
   * later one that does, nothing is saved until the next head.
   */
  load(): string | null | undefined | Promise<string | null | undefined>;
  /**
   * Replaces the text, at once: no `load` may return half of it. It has to settle, since the next
   * save waits for it. Its exceptions and rejections are ignored.
   */
  save(text: string): void | Promise<void>;
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
  /** Milliseconds between looks at the option `source` for a newer filter. Default 60,000. */
  readonly refreshMs?: number;
  /**
   * Maximum milliseconds since the publisher, or its timer, last said that the filter is the
   * current one. After that, and while the filter of a newer snapshot arrives, checks request
   * buckets. Default: as `maxSnapshotAgeMs`.
   */
  readonly maxAgeMs?: number;
  /**
   * An origin other than the service: the bytes of a filter file, `createFileSource` of
   * `@credveil/client/node`, or `createBloomFilterSource` of `@credveil/client/bloom-filters`.
   */
  readonly source?: Uint8Array | FilterSource | VerifiedFilterSource;
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
  /** Dataset and secret key as text, `credveil-hmac-2.<dataset>.<secret>`. */
  readonly key: string;
  /**
   * For a dataset with a publisher's signature: dataset and publisher as text,
   * `credveil-trust-2.<dataset>.<publisher>`. Holders of the key can then forge nothing.
   */
  readonly trust?: string;
}

/**
 * Options of a caller that holds no secret key, suite `oprf`.
 * @example
 * ```ts
 * import { createLeakChecker, type OprfOptions } from '@credveil/client';
 *
 * const options: OprfOptions = { url, trust, timeoutMs: 2_000 };
 * await createLeakChecker(options).ready();
 * ```
 */
export interface OprfOptions extends SharedOptions {
  /** Dataset and publisher as text, `credveil-trust-2.<dataset>.<publisher>`. */
  readonly trust: string;
  readonly key?: undefined;
  /**
   * Splits the roles: another server, without the key, serves snapshots, filter and buckets, and
   * the one at `url` only evaluates. Its `clientKey` and `headers` are its own: those beside `url`
   * are not sent to it.
   */
  readonly bucketsUrl?: ServerAddress;
  /**
   * One to eight servers that evaluate, while the one at `url` serves snapshots, filter and
   * buckets. Each of several holds a part of the key (`credveil keygen --split`), and all have to
   * answer.
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
 *   { url, trust, bucketCacheBytes: 0 },
 * ];
 * const [keyed, keyless] = keys.map((options) => createLeakChecker(options));
 * ```
 */
export type LeakCheckerOptions = HmacOptions | OprfOptions;

/** Parsed options that only the suite `oprf` has. */
export interface OprfSettings {
  readonly suite: 'oprf';
  readonly trust: Trust;
  readonly engine: Engine | Promise<Engine> | undefined;
  /** The servers that evaluate and serve no buckets. Undefined if one server does both. */
  readonly evaluators: readonly Endpoint[] | undefined;
}

/** Parsed options that only the suite `hmac` has. */
export interface HmacSettings extends HmacPin {
  readonly suite: 'hmac';
  /** Undefined if holders of the key are believed. */
  readonly trust: Trust | undefined;
}

export type SuiteSettings = HmacSettings | OprfSettings;

/** A server, parsed. */
export interface Endpoint {
  /** Ends in a slash. */
  readonly base: URL;
  /** Names in lower case; `authorization` is the client key. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Parsed options of either suite. The endpoint is that of snapshots, filter and buckets. */
export interface CheckerSettings extends Endpoint {
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly headMaxAgeMs: number;
  readonly maxSnapshotAgeMs: number;
  readonly maxPrefixBits: { readonly [name in IndexName]: number };
  readonly minUsernames: number;
  readonly memory: CheckerMemory | undefined;
  readonly bucketCacheBytes: number;
  /** Undefined if it is off. */
  readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  readonly policy: Policy;
  readonly events: Events;
  readonly fetch: Fetch;
  /** Undefined if it is off. */
  readonly passwordFilter: FilterSettings | undefined;
  readonly replica: Replica | undefined;
  /** Default: those of @noble/hashes. */
  readonly hashes: Hashes | undefined;
}

export interface FilterSettings {
  readonly maxBytes: number;
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  /** Undefined if the service is the source. */
  readonly source: PasswordFilterOptions['source'];
}
