// Why rows or accounts were left out, counted.

export type ReasonCounts = { readonly [reason: string]: number };

/** @param before counts that these are added to */
export function countReasons(reasons: Iterable<string>, before: ReasonCounts = {}): ReasonCounts {
  const counts = new Map(Object.entries(before));
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export const describeCounts = (counts: ReasonCounts): string =>
  Object.entries(counts)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
