// Circuit breaker: a service that keeps failing is not waited for, until one check now and then finds that it is back.
//
// What passes it or not is a wait for the service; what counts is how whole checks end. So a check that needs no wait,
// because what it asks is held in this process, is answered while the circuit is open.

import { lookupFailure, type UnknownReason } from '../errors.ts';
import type { Deadline } from './deadline.ts';

export interface CircuitBreakerOptions {
  /** Checks in a row that must fail before the circuit opens. Default 5. */
  readonly failures?: number;
  /** Milliseconds that it stays open before one check tries the service again. Default 1,000. */
  readonly coolDownMs?: number;
}

/** `open`: checks that need the service fail at once. `half-open`: one check tries it, the others still fail at once. */
export type CircuitState = 'closed' | 'open' | 'half-open';

export interface CircuitBreaker {
  /**
   * Runs a check whose waits for the service fail with `CIRCUIT_OPEN` where the circuit is open.
   * @param failuresOf why questions of the check have no answer
   */
  run<T>(
    deadline: Deadline,
    check: (deadline: Deadline) => Promise<T>,
    failuresOf: (result: T) => readonly UnknownReason[],
  ): Promise<T>;
}

/** The service is away, too slow, or has others say so. What else is wrong comes from one that answers: it costs no wait. */
const AWAY: ReadonlySet<UnknownReason> = new Set(['TIMEOUT', 'NETWORK', 'HTTP_STATUS']);

type Outcome = 'answered' | 'failed' | 'unclear';

function outcomeOf(failures: readonly UnknownReason[]): Outcome {
  if (failures.some((reason) => AWAY.has(reason))) return 'failed';
  // A caller who gives up says nothing about the service.
  return failures.includes('ABORTED') ? 'unclear' : 'answered';
}

export function createCircuitBreaker(
  { failures: limit, coolDownMs }: Required<CircuitBreakerOptions>,
  onState: (state: CircuitState) => void,
): CircuitBreaker {
  let state: CircuitState = 'closed';
  let failures = 0;
  let openUntil = 0;

  const enter = (next: CircuitState): void => {
    if (next === 'open') openUntil = performance.now() + coolDownMs;
    failures = 0;
    state = next;
    onState(next);
  };

  /** How a check may wait: as any, as the one that tries the service, or not at all. */
  const admit = (): 'any' | 'probe' | 'none' => {
    if (state === 'closed') return 'any';
    if (state === 'half-open' || performance.now() < openUntil) return 'none';
    enter('half-open');
    return 'probe';
  };

  const settle = (outcome: Outcome): void => {
    // A check from before the circuit opened tells nothing new.
    if (state !== 'closed' || outcome === 'unclear') return;
    failures = outcome === 'failed' ? failures + 1 : 0;
    if (failures >= limit) enter('open');
  };

  const settleProbe = (outcome: Outcome): void => {
    enter(outcome === 'answered' ? 'closed' : 'open');
    // Nothing was learned: the next check tries at once.
    if (outcome === 'unclear') openUntil = 0;
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

/** One that is always closed. */
export const ALWAYS_CLOSED: CircuitBreaker = { run: (deadline, check) => check(deadline) };
