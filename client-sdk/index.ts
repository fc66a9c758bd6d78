// @credveil/client: has this username and password leaked? Decided in this process; see README.md.

export type { LeakSource } from '../protocol/signed/sources.ts';
export { type CallOptions, type CheckOptions, createLeakChecker, type LeakChecker } from './checker.ts';
export type { Engine } from './engine.ts';
export {
  type FilterReason,
  LookupError,
  type LookupErrorCode,
  type MisuseCode,
  type ReplicaReason,
  type UnknownReason,
} from './errors.ts';
export type { CircuitEvent, Hooks, QuotaEvent, RequestEvent, SnapshotEvent, VerdictEvent } from './events.ts';
export type { PasswordFilterInfo } from './filter/filter-cache.ts';
export type { FilterSource, OpenedFilter, VerifiedFilter, VerifiedFilterSource } from './filter-source.ts';
export type {
  CheckerMemory,
  HmacOptions,
  LeakCheckerOptions,
  OprfOptions,
  PasswordFilterOptions,
  ServerAddress,
  ServerParts,
} from './options.ts';
export type { CircuitBreakerOptions, CircuitState } from './transport/circuit-breaker.ts';
export type { Credential } from './verdict/inquiry.ts';
export { createPolicy, type Policy, type PolicyContext, type PolicyOptions } from './verdict/policy.ts';
export type {
  Action,
  CleanVerdict,
  Decision,
  ExposedCredentialCheck,
  FindingVerdict,
  Sighting,
  Signal,
  SignalName,
  Signals,
  UnknownVerdict,
  Verdict,
  VerdictStatus,
} from './verdict/verdict.ts';
