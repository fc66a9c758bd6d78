// Decides which labels of a block are its logins and its password: by their names, and where the
// names are unknown, by their values and places.

import { isAddress } from '../line-parser.ts';
import type { LabelRole } from './label-names.ts';

export type Role = 'site' | 'login' | 'password' | 'other';

export interface SeenLabel {
  readonly label: string;
  /** By its name. */
  readonly role: LabelRole;
  readonly values: string[];
}

export interface Roles {
  /** By label, of all but the others. */
  readonly roles: ReadonlyMap<string, Role>;
  readonly isByValues: boolean;
}

/** @param seen in the order of the first block */
export function rolesByValues(seen: readonly SeenLabel[]): Roles {
  const roles = new Map<string, Role>();
  const withRole = (role: LabelRole): SeenLabel[] => seen.filter((label) => label.role === role);
  for (const { label } of withRole('site')) roles.set(label, 'site');
  const passwords = withRole('password');
  for (const { label } of passwords) roles.set(label, 'password');
  const strong = withRole('login');
  const logins = strong.length > 0 ? strong : mostFrequent(withRole('weak-login'));
  for (const { label } of logins) roles.set(label, 'login');
  if (passwords.length > 0 && logins.length > 0) return { roles, isByValues: false };
  const found = findByValues(seen, logins, passwords);
  if (!found) return { roles, isByValues: false };
  roles.set(found.login.label, 'login');
  roles.set(found.password.label, 'password');
  return { roles, isByValues: true };
}

const mostFrequent = (labels: readonly SeenLabel[]): readonly SeenLabel[] =>
  labels.toSorted((a, b) => b.values.length - a.values.length).slice(0, 1);

/** Blocks from which values show anything. */
const MIN_BLOCKS = 5;
/** A label of every block, or nearly. */
const NEARLY_EVERY = 0.8;
const MOST = 0.8;
const HALF = 0.5;
const SOME = 0.3;

/**
 * A login and the password behind it, if they are the only labels of every block, beside its URL,
 * whose values are unlike each other.
 */
function findByValues(
  seen: readonly SeenLabel[],
  logins: readonly SeenLabel[],
  passwords: readonly SeenLabel[],
): { readonly login: SeenLabel; readonly password: SeenLabel } | undefined {
  const blocks = Math.max(0, ...seen.map(({ values }) => values.length));
  if (blocks < MIN_BLOCKS) return undefined;
  const regular = seen.filter(({ values }) => values.length >= NEARLY_EVERY * blocks);
  const site = regular.find((label) => label.role === 'site' || shareOf(label, isUrl) > MOST);
  if (!site) return undefined;
  const free = regular.filter(
    (label) => label !== site && label.role === 'unknown' && isVaried(label) && shareOf(label, isUrl) < SOME,
  );
  const [login, password] = [logins[0] ?? free[0], passwords[0] ?? free.at(-1)];
  const isOnly = free.length === (logins.length > 0 ? 0 : 1) + (passwords.length > 0 ? 0 : 1);
  if (!isOnly || !login || !password || seen.indexOf(password) !== seen.indexOf(login) + 1) return undefined;
  if (logins.length === 0 && shareOf(login, (text) => isAddress(text)) < SOME) return undefined;
  if (passwords.length === 0 && !arePasswords(password)) return undefined;
  return { login, password };
}

function shareOf({ values }: SeenLabel, is: (text: string) => boolean): number {
  const filled = values.map((value) => value.trim()).filter((value) => value !== '');
  return filled.filter(is).length / Math.max(1, filled.length);
}

const isUrl = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]{1,23}:\/\/|^(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[:/]|$)/i.test(text);

const isVaried = ({ values }: SeenLabel): boolean => new Set(values).size > HALF * values.length;

/** Many have letters and digits or signs, few have blanks, and few are addresses or numbers. */
function arePasswords(label: SeenLabel): boolean {
  const isMixed = (text: string): boolean => /\p{L}/u.test(text) && /[^\p{L}\s]/u.test(text);
  return (
    shareOf(label, isMixed) > HALF &&
    shareOf(label, (text) => /\s/.test(text)) < SOME &&
    shareOf(label, isAddress) < 0.05 &&
    shareOf(label, (text) => /^[\d\s./:+()-]+$/.test(text)) < SOME
  );
}
