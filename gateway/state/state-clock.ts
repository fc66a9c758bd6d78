// The time by which entries expire and windows move: it goes on at the pace of the process,
// whatever is done to the clock of the machine, and never back over a restart.

export type StateClock = () => number;

/** @param last the time at which a process before this one stopped writing */
export function createStateClock(last: number): StateClock {
  const offset = Math.max(Date.now(), last) - performance.now();
  return () => Math.floor(performance.now() + offset);
}
