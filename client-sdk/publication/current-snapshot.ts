// The current snapshot: fetched once for all checks, renewed when its head is due or its buckets
// are gone, and used only as long as its head may be believed.

import { reasonOf } from '../errors.ts';
import type { Events } from '../events.ts';
import { elapsedSince, type Moment, momentAt, NEVER } from '../moment.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import { assertFresh, isStale, type Snapshot } from './snapshot.ts';

/**
 * Callers share one fetch, so no caller's deadline ends it. A caller whose time runs out stops
 * waiting, and the next caller gets the result.
 */
export const SNAPSHOT_TIMEOUT_MS = 5_000;
/** Minimum pause after a renewal that failed: a failing service is not asked at every check. */
const RENEWAL_PAUSE_MS = 1_000;
/** The part of its maximum age from which a head is renewed in the background. */
const BACKGROUND_FROM = 0.75;

export interface CurrentSnapshot {
  /**
   * The snapshot that may be used without a wait. Starts a renewal in the background if it is due.
   * Undefined if there is none, or if a check has to wait for a newer head.
   * @param now from `performance.now()`
   */
  peek(now: number): Snapshot | undefined;
  /**
   * The current snapshot. Waits for one if there is none, and for a newer head after idle. A
   * failure is not cached: the next call retries.
   * @throws LookupError, `SNAPSHOT_STALE` if none may be believed any more after the wait
   */
  get(deadline: Deadline): Promise<Snapshot>;
  /** Fetches the head again, unless another caller has already replaced `gone`. */
  renew(gone: Snapshot, deadline: Deadline): Promise<Snapshot>;
}

export interface RenewalOptions {
  /**
   * At this age, a check waits for a newer head. Otherwise a client whose buckets all come from a
   * cache would never learn of a new snapshot, and one with few checks would answer from the
   * snapshot of the previous check.
   */
  readonly maxAgeMs: number;
  /**
   * Maximum wait for a newer head. After it, and if the renewal fails, the old one is used while it
   * may be believed.
   */
  readonly maxWaitMs: number;
}

export function createCurrentSnapshot(
  fetchSnapshot: (deadline: Deadline) => Promise<Snapshot>,
  { maxAgeMs, maxWaitMs }: RenewalOptions,
  events: Events,
): CurrentSnapshot {
  let held: Snapshot | undefined;
  let fetchedAt: Moment = NEVER;
  let triedAt: Moment = NEVER;
  let pending: Promise<Snapshot> | undefined;

  const refresh = (): Promise<Snapshot> => {
    if (pending) return pending;
    triedAt = momentAt();
    pending = fetchSnapshot(createDeadline(SNAPSHOT_TIMEOUT_MS))
      .then(
        (snapshot) => {
          // Counted from the request: the answer was current at some time after it.
          fetchedAt = triedAt;
          held = snapshot;
          return snapshot;
        },
        (error) => {
          report(events, held, error);
          throw error;
        },
      )
      .finally(() => {
        pending = undefined;
      });
    pending.then((snapshot) => report(events, snapshot)).catch(() => {});
    return pending;
  };

  const mayTry = (now: number): boolean => elapsedSince(triedAt, now) >= Math.min(maxAgeMs, RENEWAL_PAUSE_MS);

  const peek = (now: number): Snapshot | undefined => {
    if (!held || isStale(held.life, now)) return undefined;
    const age = elapsedSince(fetchedAt, now);
    if (age >= maxAgeMs) return pending || mayTry(now) ? undefined : held;
    if (age >= maxAgeMs * BACKGROUND_FROM && mayTry(now)) refresh().catch(() => {});
    return held;
  };

  return {
    peek,
    async get(deadline) {
      const usable = peek(performance.now());
      if (usable) return usable;
      const old = held;
      if (!old || isStale(old.life)) return assertFresh(await deadline.race(refresh));
      const waited = deadline.race(() => createDeadline(maxWaitMs).race(refresh));
      return assertFresh(await waited.catch(() => old));
    },
    async renew(gone, deadline) {
      return assertFresh(held && held.snapshot !== gone.snapshot ? held : await deadline.race(refresh));
    },
  };
}

/** A checker warns when this part of a head's life is left. */
const WARN_FROM = 0.25;

function report({ snapshot: emitter }: Events, snapshot: Snapshot | undefined, error?: unknown): void {
  if (!emitter.isHeard()) return;
  const reason = error === undefined ? {} : { reason: reasonOf(error) };
  if (!snapshot) {
    emitter.emit({ ...reason, isExpiring: true });
    return;
  }
  const { issuedAt, staleAt } = snapshot.life;
  const remainingMs = -elapsedSince(staleAt);
  emitter.emit({
    ...reason,
    snapshot: snapshot.snapshot,
    remainingMs,
    isExpiring: remainingMs < (staleAt.wall - issuedAt.wall) * WARN_FROM,
  });
}
