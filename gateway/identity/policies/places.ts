// Where policies are judged: paths, and what lies below them.
//
// Routers may read a path in one more way than servers do: they ignore the case of letters and what
// ends a name without being seen, and take a format behind it (`/admin.json` is `/admin` to Rails).

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
const READ_OTHERWISE = /[A-Z.]|[^!-~\x80-\uffff]/;
/** Spaces, and control characters: `$` of many expressions is before a last line break. */
const UNSEEN_END = /[^!-~\x80-\uffff]+(?=\/|$)/g;
const FORMAT = /^\.[a-z][a-z\d]{0,7}$/;

/**
 * One or two.
 * @param isLowerCase no place has a capital letter
 */
export function readersOf(path: string, isLowerCase: boolean): readonly Reader[] {
  const plain: Reader = (place) => contains(place.path, path);
  if (isLowerCase && !READ_OTHERWISE.test(path)) return [plain];
  const lower = path.toLowerCase().replace(UNSEEN_END, '');
  return [plain, (place) => contains(place.lower, lower) || hasFormatBehind(place.lower, lower)];
}

/** Of the longest place that contains it, with its slash; 0 if none does. */
export function reachOf(places: readonly Place[], isIn: Reader): number {
  let longest = 0;
  for (const place of places) if (place.path.length >= longest && isIn(place)) longest = place.path.length + 1;
  return longest;
}

const contains = (folder: string, path: string): boolean =>
  path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/');

const hasFormatBehind = (folder: string, path: string): boolean =>
  path.startsWith(folder) && FORMAT.test(path.slice(folder.length));
