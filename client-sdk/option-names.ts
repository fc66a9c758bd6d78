// The names of a checker's options. Any other name is an error: a misspelled option must not go
// unnoticed.

import type { Hooks } from './events.ts';
import type { HmacOptions, OprfOptions, PasswordFilterOptions, ServerParts, SharedOptions } from './options.ts';

/** All names of a type, so that a new member cannot be forgotten here. */
type Names<T> = { readonly [name in keyof T]-?: true };

const HOOKS: Names<Hooks> = {
  onVerdict: true,
  onRequest: true,
  onCircuit: true,
  onQuotaExceeded: true,
  onSnapshot: true,
};
export const HOOK_NAMES = Object.keys(HOOKS) as readonly (keyof Hooks)[];

const SHARED_NAMES: Names<SharedOptions> = {
  url: true,
  timeoutMs: true,
  maxBodyBytes: true,
  headMaxAgeMs: true,
  maxSnapshotAgeMs: true,
  maxPrefixBits: true,
  minUsernames: true,
  memory: true,
  bucketCacheBytes: true,
  circuitBreaker: true,
  policy: true,
  fetch: true,
  clientKey: true,
  headers: true,
  passwordFilter: true,
  replica: true,
  ...HOOKS,
};

export const HMAC_NAMES: Names<HmacOptions> = { ...SHARED_NAMES, key: true, trust: true };
export const OPRF_NAMES: Names<OprfOptions> = { ...HMAC_NAMES, bucketsUrl: true, evaluators: true, engine: true };
export const SERVER_NAMES: Names<ServerParts> = { url: true, clientKey: true, headers: true };
export const FILTER_NAMES: Names<PasswordFilterOptions> = {
  maxBytes: true,
  refreshMs: true,
  maxAgeMs: true,
  source: true,
};
