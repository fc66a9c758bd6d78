// Waits for other work on the machine to pause before a slice of a measurement.

import { readFileSync } from 'node:fs';

const LOOK_MS = 250;
const IDLE_SHARE = 0.85;

/** Ticks of all cores since boot (Linux). */
function readTicks(): { idle: number; total: number } {
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
  return { idle: Number(ticks[3]), total: ticks.reduce((sum, each) => sum + each, 0) };
}

/** @returns true as soon as the cores are idle; false after `maxMs` */
export async function waitForQuiet(maxMs: number): Promise<boolean> {
  for (const deadline = performance.now() + maxMs; ; ) {
    const before = readTicks();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const after = readTicks();
    if (after.idle - before.idle >= IDLE_SHARE * (after.total - before.total)) return true;
    if (performance.now() >= deadline) return false;
  }
}
