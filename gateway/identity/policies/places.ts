// Where policies are judged: paths, and what lies below them.
//
// Routers may read a path in more ways than servers do: they ignore the case of letters, slashes at
// the end, and what stands around a name without being seen, take a format behind it (`/admin.json`
// is `/admin` to Rails), and begin behind the name of their program (`/index.php/admin`).

import { PROGRAMS } from '../../request/path.ts';

/** A path of a policy, without a slash at its end. */
export interface Place {
  readonly path: string;
  readonly lower: string;
}

/** Whether a place contains the path of a request, as one reader of it sees it. */
export type Reader = (place: Place) => boolean;

export const placeOf = (path: string): Place => {
  const folder = path.replace(/\/$/, '');
  return { path: folder, lower: folder.toLowerCase() };
};

/** A path that a router may read otherwise than it stands there. */
const READ_OTHERWISE = /[A-Z.]|[^!-~]/;
/** Spaces, control and format characters, and bytes that are none. */
const UNSEEN = /[\p{Z}\p{Cc}\p{Cf}\ufffd]/u;
const PROGRAM = new RegExp(`${PROGRAMS}(?=/)`, 'g');

/**
 * One, or few.
 * @param path each character a byte
 * @param isLowerCase no place has a capital letter
 */
export function readersOf(path: string, isLowerCase: boolean): readonly Reader[] {
  const plain: Reader = (place) => contains(place.path, path);
  if (isLowerCase && !READ_OTHERWISE.test(path)) return [plain];
  const seen = Buffer.from(path, 'latin1').toString().toLowerCase().split('/').map(trimUnseen).join('/');
  return [plain, ...[seen, ...behindPrograms(seen)].map(routerOf)];
}

/** Of the longest place that contains it, with its slash; 0 if none does. */
export function reachOf(places: readonly Place[], isIn: Reader): number {
  let longest = 0;
  for (const place of places) if (place.path.length >= longest && isIn(place)) longest = place.path.length + 1;
  return longest;
}

const contains = (folder: string, path: string): boolean =>
  path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/');

function routerOf(path: string): Reader {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  const start = path.lastIndexOf('/', end - 1);
  // Whatever follows the dot: routes may take any format.
  const hasFormat = (folder: string): boolean => folder.length > start && path[folder.length] === '.';
  return ({ lower }) => contains(lower, path) || (hasFormat(lower) && path.startsWith(lower));
}

/** Linear, unlike an expression that ends in `$`. */
function trimUnseen(name: string): string {
  let [start, end] = [0, name.length];
  while (end > start && UNSEEN.test(name[end - 1] as string)) end--;
  while (start < end && UNSEEN.test(name[start] as string)) start++;
  return name.slice(start, end);
}

/** To a program at the root of the host, and to one that is in the folder of its application. */
const behindPrograms = (path: string): string[] =>
  [...path.matchAll(PROGRAM)].flatMap(({ 0: suffix, index }) => {
    const rest = path.slice(index + suffix.length);
    return [rest, path.slice(0, path.lastIndexOf('/', index)) + rest];
  });
