// Of which credential of a request its answer may tell.
//
// All values that a server may read are checked. Where they are of several users, who logs in with
// an own name and password would learn by a redirect or a header whether a guess beside it has
// leaked; where a decoy hides the finding, who logs in with a leaked pair meets no redirect.

import type { CheckedCredential } from '../checks/checks.ts';
import { areOneName, isOfBrowser } from './attempt.ts';
import type { Field } from './body/fields.ts';
import { filledOf } from './body/match-fields.ts';
import type { Candidate } from './find-login.ts';
import type { SessionGuard } from './sessions.ts';
import { type Spelling, spelled } from './spellings.ts';

/** What is found of one login. */
export interface FoundCredential {
  readonly candidate: Candidate;
  /** One value of each field. */
  readonly names: readonly string[];
  /** Those of the query, and in clear in what is compressed, where the body has names. */
  readonly otherNames: readonly string[];
  /** More usernames: few servers read cookies as fields. */
  readonly ofCookies: readonly Field[];
  /** One value of each field. */
  readonly secrets: readonly string[];
  /** All that servers may read in these fields. */
  readonly passwords: readonly string[];
  /** And in cookies and elsewhere. */
  readonly allPasswords: readonly string[];
}

interface Told {
  readonly told?: CheckedCredential;
  /** Why the login is refused. */
  readonly problem?: string;
}

const NOTHING: Told = { told: { usernames: [], passwords: [] } };

/**
 * Fields of a login that an application is known to have are one credential: no form of it has two.
 * Where only common names tell a login (`generic`), it may have more names, such as of a tenant.
 * @param sessions undefined where no cookie tells one
 */
export function toldOf(
  found: readonly FoundCredential[],
  spellings: readonly Spelling[],
  sessions: Pick<SessionGuard, 'namesUsers'> | undefined,
): Told {
  const ofForms = found.filter(({ candidate: { login } }) => isOfBrowser(login));
  const main = ofForms.length > 0 ? ofForms : found;
  const described = main.filter(({ candidate }) => !candidate.isAnywhere);
  const asked = described.length > 0 ? described : main;
  const isOne = (names: readonly string[]): boolean => areOneName([...new Set(names)], spellings);
  const names = asked.flatMap((one) => one.names);
  const others = asked.flatMap(({ otherNames }) => otherNames);
  const secrets = new Set(asked.flatMap((one) => one.secrets));
  const isOfForm = ofForms.length > 0 && described.length > 0;
  if (isOfForm && secrets.size > 1) return { problem: 'it has several passwords' };
  if (isOfForm && !isOne(names)) return { problem: 'it has several usernames' };
  if (isOfForm && !sessions?.namesUsers && !isOne([...names, ...others]))
    return { problem: 'its query has another username' };
  // Nobody has described such a login: its fields together may be those of one user.
  const isUndescribed = !sessions && described.length === 0;
  if (!isUndescribed && (secrets.size > 1 || !isOne(names))) return NOTHING;
  const all = found.flatMap((one) => [
    ...one.names,
    ...one.otherNames,
    ...one.ofCookies.flatMap(({ texts }) => filledOf(texts)),
  ]);
  const isOfSecrets = ({ secrets: own, passwords, allPasswords }: FoundCredential): boolean =>
    own.every((each) => secrets.has(each)) && allPasswords.every((each) => passwords.includes(each));
  const isAlone = isOne(all) && found.every(isOfSecrets);
  if (isAlone) return {};
  const passwords = [...new Set(asked.flatMap((one) => one.passwords))];
  return { told: { usernames: spelled([...new Set(names)], spellings).names, passwords } };
}
