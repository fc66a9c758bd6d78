// The address of a client: the peer's, or what trusted proxies name.

import { expect, test } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../../gateway/addresses/address.ts';
import { type AddressRange, parseNetwork } from '../../../gateway/addresses/network.ts';
import { clientAddress } from '../../../gateway/request/client-address.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8::/32'];

test.each([
  ['nobody is trusted', '10.0.0.1', ['192.0.2.1'], [], '10.0.0.1'],
  ['the peer is not trusted', '192.0.2.9', ['192.0.2.1'], PROXIES, '192.0.2.9'],
  ['the peer is', '10.0.0.1', ['192.0.2.1'], PROXIES, '192.0.2.1'],
  ['the client claims more', '10.0.0.1', ['6.6.6.6, 192.0.2.1'], PROXIES, '192.0.2.1'],
  ['several proxies are', '10.0.0.1', ['6.6.6.6, 192.0.2.1, 10.0.0.3, 10.0.0.2'], PROXIES, '192.0.2.1'],
  ['it stands in several lines', '10.0.0.1', ['6.6.6.6', '192.0.2.1', '10.0.0.2'], PROXIES, '192.0.2.1'],
  ['a port follows', '10.0.0.1', ['192.0.2.1:4711'], PROXIES, '192.0.2.1'],
  ['it is IPv6', '10.0.0.1', ['2001:DB9:0::1'], PROXIES, '2001:db9::1'],
  ['it is IPv6 with a port', '10.0.0.1', ['[2001:db9::1]:80'], PROXIES, '2001:db9::1'],
  ['it is a mapped address', '10.0.0.1', ['::ffff:192.0.2.1'], PROXIES, '192.0.2.1'],
  ['the peer is a mapped address', '::ffff:10.0.0.1', ['192.0.2.1'], PROXIES, '192.0.2.1'],
  ['it is no address', '10.0.0.1', ['192.0.2.1, unknown'], PROXIES, '10.0.0.1'],
  ['it is empty', '10.0.0.1', [''], PROXIES, '10.0.0.1'],
  ['there is none', '10.0.0.1', [], PROXIES, '10.0.0.1'],
  ['all are proxies', '10.0.0.1', ['10.0.0.3, 10.0.0.2'], PROXIES, '10.0.0.3'],
  ['there are more hops than are looked at', '10.0.0.1', [`192.0.2.1${', 10.0.0.2'.repeat(40)}`], PROXIES, '10.0.0.2'],
])('if %s', (_, peer, forwarded, trusted, expected) => {
  const networks = trusted.map((text) => parseNetwork(text) as AddressRange);
  expect(formatAddress(clientAddress(parseAddress(peer) as Address, forwarded, networks))).toBe(expected);
});
