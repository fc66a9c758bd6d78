// What is known of the request that access test asks about.

import type { X509Certificate } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { type Address, parseAddress } from '../../gateway/addresses/address.ts';
import type { Application } from '../../gateway/applications.ts';
import type { GatewayConfig } from '../../gateway/config/schema.ts';
import { readShown } from '../../gateway/devices/certificate/client-certificate.ts';
import { readCertificates } from '../../gateway/devices/certificate/pem.ts';
import { ENROLLED_METHODS, type EnrolledMethod } from '../../gateway/factors/factor.ts';
import { plainEmail } from '../../gateway/identity/email.ts';
import type { Person } from '../../gateway/identity/person.ts';
import type { AccessFacts } from '../../gateway/identity/policies/facts.ts';
import type { GatewaySetup } from '../../gateway/setup.ts';
import { parseDuration } from '../../runtime/config/duration.ts';
import { nearest } from '../../runtime/config/nearest.ts';
import { UsageError } from '../exit.ts';
import { readNamedFile } from './named-file.ts';

export interface AccessTestFlags {
  readonly config: string;
  /** The host of an application. */
  readonly app: string;
  readonly path: string;
  /** A verified e-mail address; `-` reads it from standard input. */
  readonly user?: string;
  readonly group?: readonly string[];
  /** `NAME=VALUE` each. */
  readonly claim?: readonly string[];
  readonly provider?: string;
  readonly address?: string;
  /** The name of a service token. */
  readonly token?: string;
  /** Two letters. Default: what the configuration's file says of the address. */
  readonly country?: string;
  readonly asn?: string;
  /** A file of PEM: a client certificate, then those between it and its CA. */
  readonly certificate?: string;
  /** Methods of factors that they have shown just now. */
  readonly factor?: readonly string[];
  /** How they authenticated at their provider: RFC 8176. */
  readonly amr?: readonly string[];
  /** How long ago their provider asked who they are, such as `2h`. Default: just now. */
  readonly signedIn?: string;
  /** The longest pause between their requests since then. Default: none. */
  readonly idle?: string;
  readonly json?: boolean;
}

export type GivenFacts = Pick<
  AccessFacts,
  'person' | 'serviceToken' | 'address' | 'factors' | 'signedInMs' | 'idledMs'
>;

/** @throws UsageError */
export async function factsOf(flags: AccessTestFlags): Promise<GivenFacts> {
  const { user, address: given, token } = flags;
  const email = user === '-' ? (await text(process.stdin)).trim() : user;
  const address: Address | undefined = given === undefined ? undefined : parseAddress(given);
  if (given !== undefined && !address)
    throw new UsageError('--address is no address', 'Pass an IPv4 or IPv6 address: --address 192.0.2.1.');
  const person = email === undefined ? undefined : personOf(email, flags);
  const times = { signedInMs: msOf(flags.signedIn, '--signed-in'), idledMs: msOf(flags.idle, '--idle') };
  return { person, serviceToken: token, address, factors: factorsOf(flags), ...times };
}

function msOf(given: string | undefined, flag: string): number | undefined {
  const ms = given === undefined ? undefined : parseDuration(given);
  if (given !== undefined && ms === undefined)
    throw new UsageError(`${flag} is no duration`, `Pass a number with its unit: ${flag} 2h.`);
  return ms;
}

function factorsOf({ factor = [] }: AccessTestFlags): ReadonlySet<EnrolledMethod> {
  const known = new Set<string>(ENROLLED_METHODS);
  if (!factor.every((method) => known.has(method)))
    throw new UsageError('--factor is no method', `Pass one of ${ENROLLED_METHODS.join(', ')}.`);
  return new Set(factor as EnrolledMethod[]);
}

/** @throws UsageError */
export function placeOf(
  { country, asn }: AccessTestFlags,
  { address }: GivenFacts,
  { geo }: GatewaySetup,
): Pick<AccessFacts, 'country' | 'asn'> {
  if (country !== undefined && !/^[A-Z]{2}$/i.test(country))
    throw new UsageError('--country is no country', 'Pass its two letters: --country DE.');
  if (asn !== undefined && !/^[1-9]\d{0,9}$/.test(asn))
    throw new UsageError('--asn is no number of an autonomous system', 'Pass it without AS: --asn 64496.');
  return {
    country: country?.toUpperCase() ?? (address && geo?.countryOf(address)),
    asn: asn === undefined ? address && geo?.asnOf(address) : Number(asn),
  };
}

export type CertificateWorth =
  | 'counts'
  | 'does not count: no CA of caFile has issued it'
  | 'does not count: it is not within its dates'
  | 'does not count: it was revoked'
  | 'unknown: the list of revoked certificates of its CA is too old';

/** As a connection with it would bring it now. @throws UsageError */
export function certificateOf(
  { certificate: file }: AccessTestFlags,
  { tlsProfile }: Application,
  { profiles, devices }: GatewaySetup,
): { readonly fact: AccessFacts['certificate']; readonly worth: CertificateWorth } | undefined {
  if (file === undefined) return undefined;
  const cas = [...(profiles.get(tlsProfile ?? '')?.cas ?? []), ...devices.toldCas];
  const [leaf, ...given] = certificatesIn(file);
  if (!leaf)
    throw new UsageError(
      `${file} has no certificate`,
      'Name a file of PEM. From a .p12: openssl pkcs12 -in laptop.p12 -nokeys -out laptop.pem.',
    );
  const now = Date.now();
  const shown = readShown(leaf, given, cas);
  const fact = shown && devices.judge(shown, now);
  if (!shown) return { fact, worth: 'does not count: no CA of caFile has issued it' };
  if (fact === 'unknown') return { fact, worth: 'unknown: the list of revoked certificates of its CA is too old' };
  if (fact) return { fact, worth: 'counts' };
  const isInTime = now >= shown.notBefore && now <= shown.notAfter;
  return {
    fact,
    worth: isInTime ? 'does not count: it was revoked' : 'does not count: it is not within its dates',
  };
}

/** @throws UsageError for a file that cannot be read */
function certificatesIn(file: string): X509Certificate[] {
  const content = readNamedFile(file, 'Name the certificate of the client, in PEM, with --certificate.');
  try {
    return readCertificates(content.toString());
  } catch {
    return [];
  }
}

/**
 * The person as the application has them: who signed in elsewhere is nobody there.
 * @param app its name in the configuration
 * @throws UsageError for a provider that there is not
 */
export function signedInFor(
  person: GivenFacts['person'],
  { identity, apps }: Pick<GatewayConfig, 'identity' | 'apps'>,
  app: string,
): { readonly person: GivenFacts['person']; readonly otherProvider?: string } {
  const names = Object.keys(identity);
  if (typeof person !== 'object' || names.length === 0) return { person };
  const here = apps[app]?.access?.providers ?? names;
  const { provider } = person;
  // Where there is no choice, nobody has to name it.
  if (provider === '') return { person: here.length === 1 ? { ...person, provider: here[0] ?? '' } : person };
  if (!names.includes(provider)) {
    const meant = nearest(provider, names);
    throw new UsageError(
      `identity has no provider ${provider}`,
      `${meant === undefined ? '' : `Did you mean ${meant}? `}It has: ${names.join(', ')}.`,
    );
  }
  return here.includes(provider) ? { person } : { person: undefined, otherProvider: provider };
}

function personOf(email: string, flags: AccessTestFlags): Person {
  const { group = [], claim = [], provider = '', amr = [] } = flags;
  const address = plainEmail(email);
  if (address === undefined) throw new UsageError('--user is no e-mail address', 'Pass a whole one: ann@example.com.');
  const claims = new Map<string, string[]>();
  for (const each of claim) {
    const equals = each.indexOf('=');
    if (equals < 1) throw new UsageError('--claim has no value', 'Write it as --claim name=value.');
    const name = each.slice(0, equals);
    claims.set(name, [...(claims.get(name) ?? []), each.slice(equals + 1)]);
  }
  return { provider, source: '', subject: email, email: address, groups: group, claims, amr };
}
