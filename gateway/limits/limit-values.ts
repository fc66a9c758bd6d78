// The values of a request that limits are by: of a header, a cookie, a member of a login's body.
// Which of several an application reads is not known: each of them counts, so that a decoy beside
// the right one evades nothing.

import type { Exchange } from '../exchange.ts';
import { requestCookiesOf } from '../fields/request-fields.ts';
import { headerValues } from '../header-pairs.ts';
import type { FindMember } from '../login/attempt.ts';

/** One request makes no thousands of counts. */
const MAX_COMBINATIONS = 16;

const NO_MEMBERS: FindMember = () => [];

/**
 * Each combination of the values of these sources, such as `header:x-tenant`.
 * @returns none if one of them is missing, undefined if there are too many
 */
export function combinationsOf(
  sources: readonly string[],
  exchange: Exchange,
  findMember = NO_MEMBERS,
): readonly (readonly string[])[] | undefined {
  let combinations: readonly (readonly string[])[] = [[]];
  for (const source of sources) {
    const values = [...new Set(valuesOf(source, exchange, findMember))];
    if (combinations.length * values.length > MAX_COMBINATIONS) return undefined;
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  return combinations;
}

function valuesOf(source: string, exchange: Exchange, findMember: FindMember): readonly string[] {
  const colon = source.indexOf(':');
  const name = source.slice(colon + 1);
  switch (source.slice(0, colon)) {
    case 'field':
      return findMember(name);
    case 'cookie':
      return requestCookiesOf({ exchange, path: '' }).get(name) ?? [];
    default:
      return headerValues(exchange.head?.headers ?? [], name.toLowerCase());
  }
}
