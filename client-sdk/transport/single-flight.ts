// Single flight: checks that need the same thing at the same time share one request.
//
// A flight belongs to all who wait for it: who leaves early ends it for nobody else, and the last one to leave ends it.

import { type Deadline, followSignal } from './deadline.ts';

export interface SingleFlight<T> {
  /** Joins the flight of that key, or starts one. Settles as it does, or as the caller's deadline. */
  share(key: string, deadline: Deadline, start: (deadline: Deadline) => Promise<T>): Promise<T>;
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly controller: AbortController;
  readonly startedAt: number;
  waiting: number;
  landed: boolean;
}

/** @param joinMs age of a flight at which it is no longer joined: a connection that stalled is not waited for anew */
export function createSingleFlight<T>(joinMs: number): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  const forget = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  const join = (key: string, start: (deadline: Deadline) => Promise<T>): Flight<T> => {
    const known = flights.get(key);
    if (known && performance.now() - known.startedAt < joinMs) {
      known.waiting++;
      return known;
    }
    const controller = new AbortController();
    const answer = start(followSignal(controller.signal)).finally(() => {
      flight.landed = true;
      forget(key, flight);
    });
    const flight: Flight<T> = { answer, controller, startedAt: performance.now(), waiting: 1, landed: false };
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
