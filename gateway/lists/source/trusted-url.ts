// Which URLs a list may come from: those that nobody on the way can change.

import { parseAddress } from '../../addresses/address.ts';

/** TLS, or this machine. Neither has a user name or password in it: those belong into no log. */
export function isTrustedUrl({ protocol, hostname, username, password }: URL): boolean {
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const address = parseAddress(hostname.replace(/^\[|\]$/g, ''));
  if (address?.family === 4) return address.word >>> 24 === 127;
  return address?.words.join() === '0,0,0,1';
}
