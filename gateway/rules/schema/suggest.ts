// What a misspelled name was presumably meant to be.

import { editDistance } from '../../../runtime/config/nearest.ts';

/** A name this near is a slip of the fingers. */
const SLIP = 2;

/**
 * A known name with a slip in it, else one that has the same parts and more, else the nearest.
 * @returns undefined if none is near
 */
export function suggestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.max(lower.length, candidate.length) / 3))
    .sort((a, b) => a.distance - b.distance);
  const [nearest] = near;
  if (nearest && nearest.distance <= SLIP) return nearest.candidate;
  const longer = known.filter((candidate) => hasParts(candidate, lower)).sort((a, b) => a.length - b.length);
  return longer[0] ?? nearest?.candidate;
}

/** `http.request.path` has parts of `http.request.uri.path`, in their order. */
function hasParts(candidate: string, name: string): boolean {
  const parts = name.split('.');
  let found = 0;
  for (const part of candidate.split('.')) if (part.startsWith(parts[found] || '.')) found++;
  return parts.length > 1 && found === parts.length;
}
