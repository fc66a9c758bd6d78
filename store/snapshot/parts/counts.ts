// How often values occurred, as plain values that threads and files carry.

export type Counts = readonly (readonly [value: number, times: number])[];

export function increase(counts: Map<number, number>, value: number, times = 1): void {
  counts.set(value, (counts.get(value) ?? 0) + times);
}

/** In ascending order: sums of fractions depend on it. */
export function addUp(parts: readonly Counts[]): Counts {
  const all = new Map<number, number>();
  for (const counts of parts) for (const [value, times] of counts) increase(all, value, times);
  return [...all].sort(([a], [b]) => a - b);
}

export const total = (counts: Counts): number => counts.reduce((sum, [value, times]) => sum + value * times, 0);
