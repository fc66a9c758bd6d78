// Single flight: concurrent checks that need the same response share one request.
//
// A flight is owned by its waiters: one that leaves does not abort it for the others, and the last
// one to leave aborts it.

import { elapsedSince, type Moment, momentAt } from '../moment.ts';
import { type Deadline, followSignal } from './deadline.ts';

export interface SingleFlight<T> {
  /** Joins the flight of `key`, or starts one. Settles with the flight or the caller's deadline. */
  share(key: string, deadline: Deadline, start: (deadline: Deadline) => Promise<T>): Promise<T>;
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  readonly startedAt: Moment;
  waiting: number;
  landed: boolean;
}

/** @param joinMs age at which a flight can no longer be joined, so a stalled one is retried */
export function createSingleFlight<T>(joinMs: number): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  const forget = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  const join = (key: string, start: (deadline: Deadline) => Promise<T>): Flight<T> => {
    const known = flights.get(key);
    if (known && elapsedSince(known.startedAt) < joinMs) {
      known.waiting++;
      return known;
    }
    const controller = new AbortController();
    const answer = start(followSignal(controller.signal)).finally(() => {
      flight.landed = true;
      forget(key, flight);
    });
    const flight: Flight<T> = { answer, controller, startedAt: momentAt(), waiting: 1, landed: false };
    flights.set(key, flight);
    return flight;
  };

  const leave = (key: string, flight: Flight<T>): void => {
    if (--flight.waiting > 0 || flight.landed) return;
    forget(key, flight);
    flight.controller.abort();
  };

  return {
    async share(key, deadline, start) {
      let flight: Flight<T> | undefined;
      try {
        return await deadline.race(() => {
          flight = join(key, start);
          return flight.answer;
        });
      } finally {
        if (flight) leave(key, flight);
      }
    },
  };
}
