// The credentials that stand in the headers of a request, and act in it.

import { headerValues, pairsOf } from '../../header-pairs.ts';
import { isCredentialName } from '../../request/credential-names.ts';
import type { RequestHead } from '../../request/head.ts';
import { lettersOf } from '../../request/reserved-names.ts';
import { readBasic } from './basic.ts';
import type { Credential } from './credential.ts';
import { hasUnreadCredential, readOtherSchemes } from './other-schemes.ts';

type Headers = Pick<RequestHead, 'headers'>;

/** `malformed` where servers read it in different ways. */
export type HeadCredentials = readonly Credential[] | 'malformed';

/** A head is read for each place and each login. */
const known = new WeakMap<Headers, HeadCredentials>();

export function headCredentials(head: Headers): HeadCredentials {
  const before = known.get(head);
  if (before) return before;
  const credentials = readHead(head);
  known.set(head, credentials);
  return credentials;
}

function readHead({ headers }: Headers): HeadCredentials {
  const basic = readBasic(headerValues(headers, 'authorization')[0]);
  if (basic === 'malformed') return basic;
  const others = valuesIn(headers, basic !== 'none').flatMap(readOtherSchemes);
  const all = basic === 'none' ? others : [basic, ...others];
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/**
 * Whether an application that decodes what stands behind any scheme takes something for a name and
 * a password that is not read here: such an application signs whoever sends a token out.
 */
export function hidesCredential({ headers }: Headers): boolean {
  const [value] = headerValues(headers, 'authorization');
  return value !== undefined && readBasic(value) === 'none' && hasUnreadCredential(value);
}

/** Of several headers that are one to CGI, applications get all as one too. */
function valuesIn(headers: readonly string[], isBasic: boolean): readonly string[] {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairsOf(headers)) {
    if (!isCredentialName(name) || (isBasic && name.toLowerCase() === 'authorization')) continue;
    const letters = lettersOf(name);
    const before = values.get(letters);
    if (before) before.push(value);
    else values.set(letters, [value]);
  }
  return [...values.values()].flatMap((each) => (each.length > 1 ? [...each, each.join(', ')] : each));
}

/** Whether a header may sign somebody in. */
export const mayActByHead = (head: Headers): boolean =>
  headerValues(head.headers, 'authorization').length > 0 || headCredentials(head).length > 0;
