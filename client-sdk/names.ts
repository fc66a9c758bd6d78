// Refuses names that an object of the caller must not have, and suggests the one that was meant.

/** What other programs call these fields. */
const SYNONYMS: readonly (readonly [known: string, others: RegExp])[] = [
  ['username', /^(e?mail|user|login|account|phone)/],
  ['password', /^(pass|pwd)/],
];
const MIN_COMMON = 3;

export interface UnknownName {
  /** May come from a request: an error quotes it only where the program itself chose it. */
  readonly name: string;
  /** Ends in the list of known names. */
  readonly hint: string;
}

/**
 * What is no object counts as one with an unknown name.
 * @param what the plural of the names, such as `options`
 */
export function unknownName(value: unknown, known: readonly string[], what: string): UnknownName | undefined {
  const isObject = typeof value === 'object' && value !== null;
  const name = isObject ? unknownKey(value, known) : '';
  if (name === undefined) return undefined;
  const meant = nearest(name.toLowerCase(), known);
  return { name, hint: `${meant ? `Did you mean ${meant}? ` : ''}The ${what} are ${known.join(', ')}.` };
}

/** Creates nothing, since every check passes here. */
function unknownKey(value: object, known: readonly string[]): string | undefined {
  for (const name in value) if (!known.includes(name) && Object.hasOwn(value, name)) return name;
  return undefined;
}

/** The name as an error may quote it: if it looks like one that a program spells. */
export function quotable({ name }: UnknownName): string {
  return /^[a-z]\w{0,39}$/i.test(name) ? name : '…';
}

/** The known name that begins most like `name`. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const common = (other: string): number => {
    let length = 0;
    while (length < name.length && name[length] === other[length]?.toLowerCase()) length++;
    return length;
  };
  const [best] = known.toSorted((a, b) => common(b) - common(a));
  if (best !== undefined && common(best) >= MIN_COMMON) return best;
  return SYNONYMS.find(([meant, others]) => known.includes(meant) && others.test(name))?.[0];
}
