// Rules by which spellings of one person's address become one username: PROTOCOL.md §2. Clients
// load them only if a statement names some.

import type { NormalizedUsername } from './brands.ts';
import { ProtocolError } from './errors.ts';
import type { UsernameRule } from './normalize.ts';

/** Applies the rules of a dataset to a username. */
export type RewriteUsername = (username: NormalizedUsername) => NormalizedUsername;

/** What stands before the last `@`, and after it. */
interface Address {
  readonly local: string;
  readonly domain: string;
}

const HOST_NAME = /^[a-z0-9._-]+$/;
const ASCII_OF_NO_HOST = /[\0-,/:-^`{-\x7f]/;
const ENDS_IN_NUMBER = /(^|\.)[0-9]+\.?$/;

const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text);
/** RFC 5322 §3.2.4. */
const isQuoted = (local: string): boolean => local.startsWith('"');

/** The domain as UTS #46 writes it in ASCII, or unchanged if it cannot be. */
function toAsciiDomain(domain: string): string {
  // A URL takes some ASCII for more than a host name, and numbers for addresses.
  if (isAscii(domain) || ASCII_OF_NO_HOST.test(domain)) return domain;
  let host: string;
  try {
    host = new URL(`http://${domain}/`).hostname;
  } catch {
    return domain;
  }
  return HOST_NAME.test(host) && !ENDS_IN_NUMBER.test(host) ? host : domain;
}

function withoutTag(local: string): string {
  const plus = isQuoted(local) ? -1 : local.indexOf('+');
  return plus > 0 ? local.slice(0, plus) : local;
}

function withoutDots(address: Address): Address {
  const { local, domain } = address;
  if (domain !== 'gmail.com' && domain !== 'googlemail.com') return address;
  if (isQuoted(local) || !isAscii(local)) return address;
  const dotless = local.replaceAll('.', '');
  if (dotless === '') return address;
  return { local: dotless, domain: 'gmail.com' };
}

const APPLY: { readonly [rule in UsernameRule]: (address: Address) => Address } = {
  punycode: ({ local, domain }) => ({ local, domain: toAsciiDomain(domain) }),
  'plus-tags': ({ local, domain }) => ({ local: withoutTag(local), domain }),
  'gmail-dots': withoutDots,
};

/**
 * @param rules in the order of USERNAME_RULES
 * @throws ProtocolError `STATEMENT_UNSUPPORTED` if the platform has no UTS #46
 */
export function createUsernameRewrite(rules: readonly UsernameRule[]): RewriteUsername {
  // Without it, leaks under such domains would look clean.
  if (rules.includes('punycode') && toAsciiDomain('bücher.example') !== 'xn--bcher-kva.example')
    throw new ProtocolError(
      'STATEMENT_UNSUPPORTED',
      'the URL of this platform does not convert international domains',
      'Use a platform that implements the URL Standard.',
    );
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();
  return (username) => {
    const text = decoder.decode(username);
    const at = text.lastIndexOf('@');
    if (at <= 0 || at === text.length - 1) return username;
    const given: Address = { local: text.slice(0, at), domain: text.slice(at + 1) };
    const { local, domain } = rules.reduce((address, rule) => APPLY[rule](address), given);
    return encoder.encode(`${local}@${domain}`) as NormalizedUsername;
  };
}
