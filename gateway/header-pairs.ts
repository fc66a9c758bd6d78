// Lists of headers, names and values in turn, as pairs and as an object.

export type Pair = [name: string, value: string];

export function pairsOf(headers: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] as string, headers[i + 1] as string]);
  return pairs;
}

/** Of one header. @param name in lower case */
export const headerValues = (headers: readonly string[], name: string): string[] =>
  pairsOf(headers).flatMap(([each, value]) => (each.toLowerCase() === name ? [value] : []));

/** By name in lower case; repeated ones as a list, which is what HTTP/2 takes. */
export function objectOf(headers: readonly string[]): { [name: string]: string | string[] } {
  const object: { [name: string]: string | string[] } = Object.create(null);
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase();
    const before = object[lower];
    object[lower] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return object;
}
