// Ranked tweaks of a leaked password, as stored by MIGP ("Might I Get Pwned", USENIX Security
// 2022), for comparison only: first the tweaks in its paper and code, then the most common appended
// characters.

const toggleFirst = (text: string): string => {
  const first = text.charAt(0);
  const other = first === first.toLowerCase() ? first.toUpperCase() : first.toLowerCase();
  return other + text.slice(1);
};

const RANKED: readonly ((password: string) => string)[] = [
  toggleFirst,
  (password) => password.slice(0, -1),
  (password) => `${password}1`,
  (password) => password.slice(0, -2),
  (password) => `${password}!`,
  (password) => `0${password}`,
  (password) => password.slice(0, -3),
  (password) => `${password}2`,
  (password) => `${password}0`,
  (password) => `${password}3`,
];

/**
 * At most ten distinct passwords, neither empty nor the password itself. A client looks up only the
 * typed password.
 */
export function rankedTweaks(password: string): Set<string> {
  const tweaks = new Set(RANKED.map((tweak) => tweak(password)));
  tweaks.delete(password);
  tweaks.delete('');
  return tweaks;
}
