// The order of sources in results: the most recent leak decides what an account is told.

/** A source: its month, if it is known, and its name. */
interface Dated {
  readonly date?: string | undefined;
  readonly name: string;
}

/** Sources of unknown date come last. Equal dates are in the order of names. */
export function recentFirst<T>(sources: readonly T[], datedOf: (source: T) => Dated): T[] {
  return sources.toSorted((sourceA, sourceB) => {
    const [a, b] = [datedOf(sourceA), datedOf(sourceB)];
    const [dateA, dateB] = [a.date ?? '', b.date ?? ''];
    if (dateA !== dateB) return dateA > dateB ? -1 : 1;
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  });
}
