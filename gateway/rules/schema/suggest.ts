// What a misspelled name was presumably meant to be.

import { editDistance } from '../../../runtime/config/nearest.ts';

/** A name this near is a slip of the fingers. */
const SLIP = 2;

/** What other languages of rules call a part. */
const OTHER_WORDS: { readonly [part: string]: string } = {
  status: 'code',
  status_code: 'code',
  useragent: 'user_agent',
};

/**
 * A known name with a slip in it, else one that has the same parts and more, or the same end, else
 * the nearest, if each part of it is near.
 * @returns undefined if none is near
 */
export function suggestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.max(lower.length, candidate.length) / 3))
    .sort((a, b) => a.distance - b.distance);
  const [nearest] = near;
  if (nearest && nearest.distance <= SLIP && isNear(lower, nearest.candidate, 3)) return nearest.candidate;
  const renamed = lower.replace(/[^.]+$/, (part) =>
    Object.hasOwn(OTHER_WORDS, part) ? (OTHER_WORDS[part] ?? part) : part,
  );
  if (renamed !== lower && known.includes(renamed)) return renamed;
  const longer = known.filter((candidate) => hasParts(candidate, lower)).sort((a, b) => a.length - b.length);
  const [, ...end] = lower.split('.');
  const alike = end.length > 1 ? known.filter((candidate) => candidate.endsWith(`.${end.join('.')}`)) : [];
  return longer[0] ?? alike[0] ?? near.find(({ candidate }) => isNear(lower, candidate, 2))?.candidate;
}

/**
 * Of a long beginning that is the same, the rest may be another word altogether.
 * @param share what part of each word may differ: a half, a third
 */
function isNear(name: string, candidate: string, share: number): boolean {
  const [parts, others] = [name.split('.'), candidate.split('.')];
  if (parts.length !== others.length) return editDistance(name, candidate) <= SLIP;
  return parts.every((part, i) => {
    const other = others[i] ?? '';
    return editDistance(part, other) <= Math.max(1, Math.max(part.length, other.length) / share);
  });
}

/** `http.request.path` has parts of `http.request.uri.path`, in their order. */
function hasParts(candidate: string, name: string): boolean {
  const parts = name.split('.');
  let found = 0;
  for (const part of candidate.split('.')) if (part.startsWith(parts[found] || '.')) found++;
  return parts.length > 1 && found === parts.length;
}
