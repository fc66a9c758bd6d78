// Members of a stealer's log that hold no credentials, by where they stand in it.

const KINDS: readonly (readonly [kind: string, folder: RegExp | undefined, file: RegExp])[] = [
  ['autofill entries', /^auto-?fills?$/, /^(?:important)?auto-?fills?$/],
  ['cookies', /^cookies?$/, /^(?:all )?cookies?(?: list)?$/],
  ['browser history', /^(?:browser )?history$/, /^(?:browser |google )?history$/],
  ['bookmarks', /^bookmarks?$/, /^bookmarks?$/],
  ['downloads', /^downloads?(?: history)?$/, /^downloads?(?: history)?$/],
  ['payment cards', /^(?:cc|cards|credit ?cards?)$/, /^(?:cc|cards|credit ?cards?)$/],
  ['tokens of sessions', /^(?:discord|tokens?|restore)$/, /^(?:discord |google |restore )?tokens?(?: list)?$/],
  ['detected domains', undefined, /^domain ?detects?$/],
  ['installed programs', undefined, /^(?:installed ?)?(?:software|programs|browsers|apps)$/],
  ['processes', /^process(?:es)?$/, /^(?:running ?)?process(?:es| ?list)?$/],
  ['the description of a machine', undefined, /^(?:user|system|pc|hardware|machine)? ?info(?:rmation)?$|^system$/],
];

/**
 * What a member of a log is, by its path, such as `victim/Cookies/Chrome.txt`.
 * @returns undefined for a text that may be anything
 */
export function kindOfLogMember(name: string): string | undefined {
  const steps = name.toLowerCase().replaceAll('_', ' ').split('/');
  const file = (steps.pop() ?? '').replace(/\.(?:txt|log|csv)$/, '').trim();
  const folder = steps.at(-1)?.trim() ?? '';
  return KINDS.find(([, folders, files]) => folders?.test(folder) || files.test(file))?.[0];
}
