// Groups names of files that differ only in their folders or numbers, and names each group.

export interface NameGroup<T> {
  /** One name, or the pattern of all: `part-*.txt`. */
  readonly name: string;
  readonly items: readonly T[];
}

const baseOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const withoutNumbers = (base: string): string => base.replace(/\d+/g, '*');

/**
 * In the order of their first items.
 * @param kindOf items of different kinds are never of one group
 */
export function groupByName<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  kindOf: (item: T) => string = () => '',
): NameGroup<T>[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = `${withoutNumbers(baseOf(nameOf(item)))}\n${kindOf(item)}`;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()].map((group) => ({ name: patternOf(group.map(nameOf)), items: group }));
}

/** Names of one group: their last parts are equal but for numbers. */
function patternOf(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split('/'));
  const isCommon = (part: string, at: number): boolean => others.every((other) => other[at] === part);
  const last = first.at(-1) ?? '';
  const base = others.every((other) => other.at(-1) === last) ? last : withoutNumbers(last);
  const folders = first.slice(0, -1);
  if (others.every(({ length }) => length === first.length))
    return [...folders.map((part, at) => (isCommon(part, at) ? part : '*')), base].join('/');
  const differs = folders.findIndex((part, at) => !isCommon(part, at));
  return [...folders.slice(0, differs < 0 ? folders.length : differs), '**', base].join('/');
}
