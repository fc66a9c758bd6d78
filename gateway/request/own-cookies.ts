// Cookies of the gateway itself. Applications neither get nor set them.

/** Browsers hold the prefixes to their rules in any case of letters. */
const OWN = /^(?:__(?:host|secure)-)?(?:cv|credveil)-/i;
/** Most requests have none: one search finds that out. */
const HINT = /(?:cv|credveil)-/i;

export interface OwnCookies {
  /** The other cookies as they came. */
  readonly rest: string;
  /** By name. A name that comes twice is left out, since either may be meant. */
  readonly own: ReadonlyMap<string, string>;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** @param value of the header Cookie */
export function takeOwnCookies(value: string): OwnCookies {
  if (!HINT.test(value)) return { rest: value, own: NONE };
  const own = new Map<string, string>();
  const twice = new Set<string>();
  const rest: string[] = [];
  for (const piece of value.split(';')) {
    const pair = piece.trim();
    if (!OWN.test(pair)) {
      rest.push(piece);
      continue;
    }
    const end = pair.indexOf('=');
    const name = end < 0 ? pair : pair.slice(0, end).trimEnd();
    if (own.has(name)) twice.add(name);
    own.set(name, end < 0 ? '' : pair.slice(end + 1).trimStart());
  }
  for (const name of twice) own.delete(name);
  return { rest: rest.join(';').trim(), own };
}

/** @param value of the header Set-Cookie */
export const isOwnSetCookie = (value: string): boolean => HINT.test(value) && OWN.test(value.trimStart());
