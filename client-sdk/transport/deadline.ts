// Deadline of a lookup: a time limit and the caller's signal as one, whatever the awaited thing does.

import { lookupFailure } from '../errors.ts';

export interface Deadline {
  /** For fetch, so that the connection is given up as well. */
  readonly signal: AbortSignal;
  /**
   * Starts `work` unless the deadline has passed, and settles as it does, or rejects with LookupError `TIMEOUT` or
   * `ABORTED` as soon as the deadline comes first.
   */
  race<T>(work: () => Promise<T>): Promise<T>;
}

export function createDeadline(timeoutMs: number, caller?: AbortSignal): Deadline {
  const timeout = AbortSignal.timeout(timeoutMs);
  return followSignal(caller ? AbortSignal.any([caller, timeout]) : timeout, timeout);
}

/** @param timeout the signal of a time limit, where there is one */
export function followSignal(signal: AbortSignal, timeout?: AbortSignal): Deadline {
  // A caller's signal may be a timeout too: whose it was shows in the identity of the reason.
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
          // What fails because of the abort fails in many ways; all of them mean the abort.
          .then(resolve, (error) => reject(signal.aborted ? failure() : error))
          .finally(() => signal.removeEventListener('abort', onAbort));
      });
    },
  };
}
