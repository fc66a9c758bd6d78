// Deadline of a lookup: combines a time limit with the caller's signal, and bounds every wait.

import { lookupFailure } from '../errors.ts';

export interface Deadline {
  /** For fetch, so that it drops the connection too. */
  readonly signal: AbortSignal;
  /**
   * Starts `work` unless the deadline has passed, and settles as `work` does. Rejects with
   * LookupError `TIMEOUT` or `ABORTED` if the deadline comes first, even if `work` ignores the
   * signal.
   */
  race<T>(work: () => Promise<T>): Promise<T>;
}

export function createDeadline(timeoutMs: number, caller?: AbortSignal): Deadline {
  const timeout = AbortSignal.timeout(timeoutMs);
  return followSignal(caller ? AbortSignal.any([caller, timeout]) : timeout, timeout);
}

/** @param timeout the signal of the time limit, if `signal` includes one */
export function followSignal(signal: AbortSignal, timeout?: AbortSignal): Deadline {
  // The caller's signal may be a timeout too: only the identity of the reason tells them apart.
  const failure = () =>
    lookupFailure(timeout && signal.reason === timeout.reason ? 'TIMEOUT' : 'ABORTED', { cause: signal.reason });
  return {
    signal,
    race: async (work) => {
      if (signal.aborted) throw failure();
      return new Promise((resolve, reject) => {
        const onAbort = () => reject(failure());
        signal.addEventListener('abort', onAbort, { once: true });
        work()
          // Aborted work can reject with any error; all of them mean the abort.
          .then(resolve, (error) => reject(signal.aborted ? failure() : error))
          .finally(() => signal.removeEventListener('abort', onAbort));
      });
    },
  };
}
