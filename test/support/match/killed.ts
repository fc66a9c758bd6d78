// Starts a match, kills it, and starts it again until it ends.

import { credveil, type Outcome, startCredveil } from '../credveil.ts';

/** @returns the result in CSV, and how often it was killed */
export async function matchDespiteKills(
  args: readonly string[],
  killAfterMs: () => number,
  maxKills: number,
): Promise<{ stdout: string; stderr: string; kills: number }> {
  for (let kills = 0; kills < maxKills; kills++) {
    const { child, ended } = startCredveil(['match', ...args]);
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs());
    const { code, stdout, stderr } = await ended;
    clearTimeout(timer);
    if (code === 0) return { stdout, stderr, kills };
    if (code !== null) throw new Error(stderr);
  }
  const { code, stdout, stderr } = await credveil(['match', ...args]);
  if (code !== 0) throw new Error(stderr);
  return { stdout, stderr, kills: maxKills };
}

/**
 * Starts a match and kills it once `isReached`. One that ends before, or deletes its state, as on a
 * busy machine, is started again.
 */
export async function killMidway(args: readonly string[], isReached: () => boolean): Promise<Outcome> {
  for (;;) {
    const { child, ended } = startCredveil(['match', ...args]);
    child.stdin?.end();
    const isOpen = (): boolean => child.exitCode === null && child.signalCode === null;
    while (isOpen() && !isReached()) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    const outcome = await ended;
    if (outcome.code === null && isReached()) return outcome;
    if (outcome.code) throw new Error(outcome.stderr);
  }
}
