// Events for metrics and logs: the caller's hooks, and Node's diagnostics channels if the platform
// has them.
//
// An event contains an outcome and a duration. It never contains a credential, key, prefix or URL.

import type { FilterReason, UnknownReason } from './errors.ts';
import type { CircuitState } from './transport/circuit-breaker.ts';
import type { Action, VerdictStatus } from './verdict/verdict.ts';

/**
 * A check has ended.
 * @example
 * ```ts
 * import { createLeakChecker, type VerdictEvent } from '@credveil/client';
 *
 * const onVerdict = ({ status, action }: VerdictEvent) => {
 *   console.log(status, action); // pair challenge
 * };
 * const leaks = createLeakChecker({ url, key, onVerdict });
 * await leaks.check({ username, password });
 * ```
 */
export interface VerdictEvent {
  readonly status: VerdictStatus;
  readonly action: Action;
  /** Only if the status is `unknown`. */
  readonly reason?: UnknownReason;
  /** The distinct reasons of failed questions, which can accompany a finding. */
  readonly failures: readonly UnknownReason[];
  readonly durationMs: number;
}

/**
 * A request has ended, of a check or in the background. Its response is not yet verified.
 * @example
 * ```ts
 * import { createLeakChecker, type RequestEvent } from '@credveil/client';
 *
 * const onRequest = ({ route }: RequestEvent) => {
 *   if (route !== 'statement') console.log(route); // head
 * };
 * const leaks = createLeakChecker({ url, key, onRequest });
 * await leaks.ready();
 * ```
 */
export interface RequestEvent {
  /**
   * The first path segment after /v1/: `head`, `statement`, `sources`, `account`, `password`,
   * `filter`, `lookup` or `evaluate`.
   */
  readonly route: string;
  /** Only if it failed. */
  readonly reason?: UnknownReason | FilterReason;
  readonly durationMs: number;
}

/**
 * The circuit breaker has changed its state.
 * @example
 * ```ts
 * import { type CircuitEvent, createLeakChecker } from '@credveil/client';
 *
 * const onCircuit = ({ state }: CircuitEvent) => {
 *   console.log(state); // open
 * };
 * const offline = { url: 'http://127.0.0.1:9', circuitBreaker: { failures: 1 } };
 * const leaks = createLeakChecker({ ...offline, key, onCircuit });
 * await leaks.check({ username, password });
 * ```
 */
export interface CircuitEvent {
  readonly state: CircuitState;
}

/**
 * A check has no answer since the quota of this client is used up. Count these, and alert on them:
 * until the quota is renewed, leaked logins are `unknown`.
 * @example
 * ```ts
 * import { createLeakChecker, type QuotaEvent } from '@credveil/client';
 *
 * let unanswered = 0;
 * const onQuotaExceeded = (_event: QuotaEvent) => void unanswered++;
 * const leaks = createLeakChecker({ url, key, onQuotaExceeded });
 * await leaks.check({ username, password });
 * console.log(unanswered); // 0
 * ```
 */
export interface QuotaEvent {
  /** What the policy decided. */
  readonly action: Action;
}

/**
 * The checker has asked which snapshot is the current one. Alert on `isExpiring`: unless the
 * publisher or its timer renews the head, checks will be `SNAPSHOT_STALE`.
 * @example
 * ```ts
 * import { createLeakChecker, type SnapshotEvent } from '@credveil/client';
 *
 * const onSnapshot = ({ reason, isExpiring }: SnapshotEvent) => {
 *   console.log(reason, isExpiring); // undefined false
 * };
 * await createLeakChecker({ url, key, onSnapshot }).ready();
 * ```
 */
export interface SnapshotEvent {
  /** Id of the snapshot in use. Missing if there is none yet. */
  readonly snapshot?: string;
  /** Milliseconds for which it may still be used. Missing as above. */
  readonly remainingMs?: number;
  /** Less than a quarter of the head's life is left, or there is no snapshot. */
  readonly isExpiring: boolean;
  /** Only if the service gave no head that may be believed; the snapshot of before stays in use. */
  readonly reason?: UnknownReason;
}

/**
 * The hooks of a checker. Their exceptions and rejections are ignored and change no verdict.
 * @example
 * ```ts
 * import { createLeakChecker, type Hooks } from '@credveil/client';
 *
 * const seconds: number[] = [];
 * const hooks: Hooks = { onVerdict: ({ durationMs }) => seconds.push(durationMs / 1000) };
 * const leaks = createLeakChecker({ url, key, ...hooks });
 * await leaks.check({ password });
 * console.log(seconds.length); // 1
 * ```
 */
export interface Hooks {
  readonly onVerdict?: (event: VerdictEvent) => void;
  readonly onRequest?: (event: RequestEvent) => void;
  readonly onCircuit?: (event: CircuitEvent) => void;
  readonly onQuotaExceeded?: (event: QuotaEvent) => void;
  readonly onSnapshot?: (event: SnapshotEvent) => void;
}

export interface Emitter<Event> {
  /** False if nothing listens: then no event has to be created. */
  isHeard(): boolean;
  emit(event: Event): void;
}

export interface Events {
  readonly verdict: Emitter<VerdictEvent>;
  readonly request: Emitter<RequestEvent>;
  readonly circuit: Emitter<CircuitEvent>;
  readonly quota: Emitter<QuotaEvent>;
  readonly snapshot: Emitter<SnapshotEvent>;
}

export function createEvents({ onVerdict, onRequest, onCircuit, onQuotaExceeded, onSnapshot }: Hooks): Events {
  return {
    verdict: createEmitter('credveil.client.verdict', onVerdict),
    request: createEmitter('credveil.client.request', onRequest),
    circuit: createEmitter('credveil.client.circuit', onCircuit),
    quota: createEmitter('credveil.client.quota', onQuotaExceeded),
    snapshot: createEmitter('credveil.client.snapshot', onSnapshot),
  };
}

/** The part of node:diagnostics_channel in use. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** Read at run time: an import of `node:` would keep this package out of browsers and edges. */
function openChannel(name: string): Channel | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
  const channels = process?.getBuiltinModule?.('node:diagnostics_channel') as
    | { channel?(name: string): Channel }
    | undefined;
  return channels?.channel?.(name);
}

function createEmitter<Event>(name: string, hook: ((event: Event) => unknown) | undefined): Emitter<Event> {
  const channel = openChannel(name);
  return {
    isHeard: () => hook !== undefined || channel?.hasSubscribers === true,
    emit(event) {
      try {
        if (channel?.hasSubscribers) channel.publish(event);
        // The hook may be async in spite of its type.
        Promise.resolve(hook?.(event)).catch(() => {});
      } catch {
        // A listener that fails does not break a login.
      }
    },
  };
}
