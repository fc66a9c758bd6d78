// Events for metrics and logs: hooks that the caller gave, and Node's diagnostics channels where there are any.
//
// An event says what happened and how long it took. Nothing in it tells whose credential it was: no credential, key, prefix or URL.

import type { UnknownReason } from './errors.ts';
import type { CircuitState } from './transport/circuit-breaker.ts';
import type { Action, VerdictStatus } from './verdict/verdict.ts';

/** A check has ended. */
export interface VerdictEvent {
  readonly status: VerdictStatus;
  readonly action: Action;
  /** Only where the status is `unknown`. */
  readonly reason?: UnknownReason;
  /** Why questions have no answer, each reason once: a finding may stand beside a question that failed. */
  readonly failures: readonly UnknownReason[];
  readonly durationMs: number;
}

/** A request has ended, of a check or in the background. What its answer held is judged later. */
export interface RequestEvent {
  /** `config`, `account`, `password`, `lookup`, `evaluate` or `prove`: the path behind /v1/, without what follows. */
  readonly route: string;
  /** Only where it failed. */
  readonly reason?: UnknownReason;
  readonly durationMs: number;
}

/** The circuit breaker has changed its state. */
export interface CircuitEvent {
  readonly state: CircuitState;
}

/** What a hook throws or rejects with is ignored: it changes no verdict. */
export interface Hooks {
  readonly onVerdict?: (event: VerdictEvent) => void;
  readonly onRequest?: (event: RequestEvent) => void;
  readonly onCircuit?: (event: CircuitEvent) => void;
}

export interface Emitter<Event> {
  /** False where nobody would hear: then an event need not be made. */
  isHeard(): boolean;
  emit(event: Event): void;
}

export interface Events {
  readonly verdict: Emitter<VerdictEvent>;
  readonly request: Emitter<RequestEvent>;
  readonly circuit: Emitter<CircuitEvent>;
}

export function createEvents({ onVerdict, onRequest, onCircuit }: Hooks): Events {
  return {
    verdict: createEmitter('credveil.client.verdict', onVerdict),
    request: createEmitter('credveil.client.request', onRequest),
    circuit: createEmitter('credveil.client.circuit', onCircuit),
  };
}

/** What is used of node:diagnostics_channel. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** Asked of the platform at run time: an import of `node:` would keep this package out of browsers and edges. */
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
        // It may be an async function, whatever its type says.
        Promise.resolve(hook?.(event)).catch(() => {});
      } catch {
        // Whoever listens is not in the way of a login.
      }
    },
  };
}
