// The name that was probably meant, by edit distance.

/** A third of its letters, or a single slip in a short one that begins alike. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const lower = given.toLowerCase();
  const distances = names.map((name) => ({ name, distance: editDistance(lower, name.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.distance - b.distance);
  if (!best) return undefined;
  const { name, distance } = best;
  const isSlip = distance === 1 && given.length > 1 && name[0]?.toLowerCase() === lower[0];
  return distance <= name.length / 3 || isSlip ? name : undefined;
}

/** Words of a command line and keys are shorter. */
const MAX_LENGTH = 100;

/** Levenshtein's distance, where two exchanged neighbours count once. */
export function editDistance(given: string, name: string): number {
  // A longer one is near nothing.
  const a = given.slice(0, MAX_LENGTH + name.length);
  let before: number[] = [];
  let row = Array.from({ length: name.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= name.length; j++) {
      const isSame = a[i - 1] === name[j - 1];
      let cost = Math.min((row[j - 1] ?? 0) + (isSame ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === name[j - 2] && a[i - 2] === name[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[name.length] ?? 0;
}
