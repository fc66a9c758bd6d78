// Circuit breaker: stops waiting for a failing service, and probes it with single checks.
//
// It blocks waits for the service, and counts the outcomes of whole checks. A check that needs no
// wait, because this process holds the data, is therefore answered while the circuit is open.

import { lookupFailure, type UnknownReason } from '../errors.ts';
import { elapsedSince, type Moment, momentAt, NEVER } from '../moment.ts';
import type { Deadline } from './deadline.ts';

/**
 * Options of the circuit breaker.
 * @example
 * ```ts
 * import { type CircuitBreakerOptions, createLeakChecker } from '@credveil/client';
 *
 * const circuitBreaker: CircuitBreakerOptions = { failures: 1, coolDownMs: 60_000 };
 * const offline = createLeakChecker({ url: 'http://127.0.0.1:9', key, circuitBreaker });
 * await offline.check({ password });
 * console.log((await offline.check({ password })).reason); // CIRCUIT_OPEN
 * ```
 */
export interface CircuitBreakerOptions {
  /** Consecutive failed checks that open the circuit. Default 5. */
  readonly failures?: number;
  /** Milliseconds that the circuit stays open before a check probes the service. Default 1,000. */
  readonly coolDownMs?: number;
}

/**
 * `open`: checks that need the service fail at once. `half-open`: one check probes the service, and
 * the others still fail at once.
 * @example
 * ```ts
 * import { type CircuitState, createLeakChecker } from '@credveil/client';
 *
 * let circuit: CircuitState = 'closed';
 * const leaks = createLeakChecker({ url, key, onCircuit: ({ state }) => (circuit = state) });
 * await leaks.check({ username, password });
 * console.log(circuit); // closed
 * ```
 */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreaker {
  /**
   * Runs a check. While the circuit is open, its waits for the service fail with `CIRCUIT_OPEN`.
   * @param failuresOf the reasons why questions of the check have no answer
   */
  run<T>(
    deadline: Deadline,
    check: (deadline: Deadline) => Promise<T>,
    failuresOf: (result: T) => readonly UnknownReason[],
  ): Promise<T>;
}

/**
 * The service is down or too slow, or a proxy reports that it is. Every other reason needs a
 * response, and a service that responds costs no wait.
 */
const AWAY: ReadonlySet<UnknownReason> = new Set(['TIMEOUT', 'NETWORK', 'HTTP_STATUS']);

type Outcome = 'answered' | 'failed' | 'unclear';

function outcomeOf(failures: readonly UnknownReason[]): Outcome {
  if (failures.some((reason) => AWAY.has(reason))) return 'failed';
  // An abort by the caller is no evidence about the service.
  return failures.includes('ABORTED') ? 'unclear' : 'answered';
}

export function createCircuitBreaker(
  { failures: limit, coolDownMs }: Required<CircuitBreakerOptions>,
  onState: (state: CircuitState) => void,
): CircuitBreaker {
  let state: CircuitState = 'closed';
  let failures = 0;
  let openedAt: Moment = NEVER;

  const enter = (next: CircuitState): void => {
    if (next === 'open') openedAt = momentAt();
    failures = 0;
    state = next;
    onState(next);
  };

  /** How a check may wait for the service: normally, as the probe, or not at all. */
  const admit = (): 'any' | 'probe' | 'none' => {
    if (state === 'closed') return 'any';
    if (state === 'half-open' || elapsedSince(openedAt) < coolDownMs) return 'none';
    enter('half-open');
    return 'probe';
  };

  const settle = (outcome: Outcome): void => {
    // A check that started before the circuit opened is stale evidence.
    if (state !== 'closed' || outcome === 'unclear') return;
    failures = outcome === 'failed' ? failures + 1 : 0;
    if (failures >= limit) enter('open');
  };

  const settleProbe = (outcome: Outcome): void => {
    enter(outcome === 'answered' ? 'closed' : 'open');
    // Inconclusive: the next check probes without a cool-down.
    if (outcome === 'unclear') openedAt = NEVER;
  };

  return {
    async run(deadline, check, failuresOf) {
      let admitted: ReturnType<typeof admit> | undefined;
      const guarded: Deadline = {
        signal: deadline.signal,
        race: async (work) => {
          admitted ??= admit();
          if (admitted === 'none') throw lookupFailure('CIRCUIT_OPEN');
          return deadline.race(work);
        },
      };
      let outcome: Outcome = 'unclear';
      try {
        const result = await check(guarded);
        outcome = outcomeOf(failuresOf(result));
        return result;
      } finally {
        if (admitted === 'probe') settleProbe(outcome);
        else if (admitted === 'any') settle(outcome);
      }
    },
  };
}

/** A circuit breaker that never opens. */
export const ALWAYS_CLOSED: CircuitBreaker = { run: (deadline, check) => check(deadline) };
