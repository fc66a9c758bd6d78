// What a header of a request is to the gateway, by its name.

import { rememberNames } from './remember-names.ts';
import { isHopByHop, isHopByHopTwin, isNeverNominated, isReserved, lettersOf } from './reserved-names.ts';

/**
 * `single` may stand in a head once. `odd` has characters that CGI programs read as hyphens. `twin`
 * is then a name that decides about framing, the connection or access.
 */
export type NameKind =
  | 'plain'
  | 'single'
  | 'hop'
  | 'reserved'
  | 'host'
  | 'length'
  | 'transfer'
  | 'connection'
  | 'upgrade'
  | 'expect'
  | 'trailer'
  | 'cookie'
  | 'pseudo'
  | 'odd'
  | 'twin';

const KINDS: ReadonlyMap<string, NameKind> = new Map<string, NameKind>([
  ['host', 'host'],
  ['content-length', 'length'],
  ['transfer-encoding', 'transfer'],
  ['connection', 'connection'],
  ['upgrade', 'upgrade'],
  ['expect', 'expect'],
  ['trailer', 'trailer'],
  ['cookie', 'cookie'],
  ['authorization', 'single'],
  ['content-type', 'single'],
  ['origin', 'single'],
  ['range', 'single'],
  ['referer', 'single'],
  ['user-agent', 'single'],
]);

const SPECIAL_LETTERS: ReadonlySet<string> = new Set([...KINDS.keys()].map(lettersOf));

/** Takes a name as it came, in any case. */
export const kindOf = rememberNames(judgeName);

function judgeName(name: string): NameKind {
  const lower = name.toLowerCase();
  if (name.startsWith(':')) return 'pseudo';
  const kind = KINDS.get(lower);
  if (kind) return kind;
  if (isHopByHop(lower)) return 'hop';
  const letters = lettersOf(lower);
  if (/^[a-z0-9-]+$/.test(lower)) return isReserved(letters) ? 'reserved' : 'plain';
  return SPECIAL_LETTERS.has(letters) || isReserved(letters) || isNeverNominated(lower) || isHopByHopTwin(letters)
    ? 'twin'
    : 'odd';
}
