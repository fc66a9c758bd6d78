// Whether a session may be used by somebody who has stolen its cookie: it comes from another
// network, by another TLS implementation, and by another family of browsers, all of them at once.
// Each alone changes for people too.

import { type Address, compareAddresses } from '../../addresses/address.ts';
import type { Exchange } from '../../exchange.ts';
import type { Geo } from '../../geo/geo.ts';
import { browserFamilyOf } from './browser-name.ts';
import type { Marks } from './session-record.ts';

type Seen = Pick<Exchange, 'client' | 'peer' | 'message'>;

/** Undefined where not all of them can be known: without TLS here, behind another proxy. */
export function marksOf(seen: Seen, geo: Geo | undefined): Marks | undefined {
  const ja4 = ja4In(seen);
  const asn = seen.client && geo?.asnOf(seen.client);
  return ja4 === undefined || asn === undefined ? undefined : { ja4, asn, browser: browserIn(seen) };
}

/** What is unknown on either side has not changed. */
export function hasDrifted(marks: Marks | undefined, seen: Seen, geo: Geo | undefined): boolean {
  const ja4 = marks && ja4In(seen);
  if (!marks || ja4 === undefined || ja4 === marks.ja4 || browserIn(seen) === marks.browser) return false;
  const asn = seen.client && geo?.asnOf(seen.client);
  return asn !== undefined && asn !== marks.asn;
}

const browserIn = ({ message }: Seen): string => browserFamilyOf(message.headers['user-agent']);

/** The connection of another proxy says nothing of its clients. */
const ja4In = ({ client, peer }: Seen): string | undefined =>
  client && isSame(client, peer.address) ? peer.ja4 : undefined;

const isSame = (one: Address, other: Address): boolean =>
  one.family === other.family && compareAddresses(one, other) === 0;
