// credveil gateway access test: whether policies let a request in, and why.

import type { X509Certificate } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { type Address, parseAddress } from '../../gateway/addresses/address.ts';
import { Refusal } from '../../gateway/answers/kinds.ts';
import { type Application, type Found, judgePath } from '../../gateway/applications.ts';
import { readConfig } from '../../gateway/config/read.ts';
import { readShown } from '../../gateway/devices/certificate/client-certificate.ts';
import { readCertificates } from '../../gateway/devices/certificate/pem.ts';
import { ENROLLED_METHODS, type EnrolledMethod } from '../../gateway/factors/factor.ts';
import type { Person } from '../../gateway/identity/person.ts';
import { type ExplainedPolicy, explainPolicies } from '../../gateway/identity/policies/explain-policies.ts';
import { findNeed } from '../../gateway/identity/policies/factor-needs.ts';
import type { AccessFacts } from '../../gateway/identity/policies/facts.ts';
import { type AccessDecision, judgeAccess } from '../../gateway/identity/policies/policies.ts';
import type { Requirement } from '../../gateway/identity/policies/requirement.ts';
import type { GatewaySetup } from '../../gateway/setup.ts';
import { readPem } from '../../runtime/tls.ts';
import { UsageError } from '../exit.ts';
import { printResult } from '../output.ts';
import { listsOf, withSetup } from './offline-setup.ts';
import { word } from './rules-test.ts';

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
  readonly json?: boolean;
}

export interface TestedAccess {
  readonly app: string;
  readonly readings: readonly string[];
  readonly isAllowed: boolean;
  /** Undefined without policies, or for a path that is refused before they are asked. */
  readonly decision: AccessDecision | undefined;
  readonly refused?: 'PATH_AMBIGUOUS' | 'REDIRECTED';
  /** What they have to show beside, and have not. */
  readonly need?: Requirement;
  readonly policies: readonly ExplainedPolicy[];
}

/** @throws UsageError, GatewayConfigError */
export async function testAccess(flags: AccessTestFlags): Promise<void> {
  printResult(flags, await testedAccess(flags), describe);
}

/** @throws UsageError, GatewayConfigError */
export async function testedAccess(flags: AccessTestFlags): Promise<TestedAccess> {
  const given = await factsOf(flags);
  const config = readConfig(flags.config);
  const lists = listsOf(config);
  await lists.load();
  return withSetup(config, { lists, onEvent: () => undefined }, (setup) => judge(flags, given, setup));
}

function judge(flags: AccessTestFlags, given: GivenFacts, setup: GatewaySetup): TestedAccess {
  const { app, path } = flags;
  const { applications } = setup;
  const [host = ''] = app.toLowerCase().split('/');
  const [bare = ''] = path.split('?');
  if (!bare.startsWith('/')) throw new UsageError('--path is no path', 'Begin it with a slash: --path /finance.');
  let found: Found;
  try {
    // Of `*.example.com`, any host will do.
    found = applications.find({ host: host.replace('*', 'any'), path: bare });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'PATH_AMBIGUOUS') return refused({ app, readings: [bare] }, 'PATH_AMBIGUOUS');
    throw new UsageError('no application has this host and path', 'Pass a host of apps: --app blog.example.com.');
  }
  const { application, readings } = found;
  const place = { app: application.name, readings };
  if (!application.access) return { ...place, isAllowed: true, decision: undefined, policies: [] };
  const refusal = pathRefusal(found, bare);
  if (refusal) return refused(place, refusal);
  const facts = { ...given, ...placeOf(flags, given, setup), certificate: certificateOf(flags, application, setup) };
  const decision = judgeAccess(application.access, facts, readings);
  const policies = explainPolicies(application.access, facts, readings);
  const need = decision.verdict === 'allow' ? needOf(application, facts, readings) : undefined;
  if (need) return { ...place, isAllowed: false, decision, need, policies };
  return { ...place, isAllowed: LETS_IN.has(decision.verdict), decision, policies };
}

const LETS_IN: ReadonlySet<AccessDecision['verdict']> = new Set(['allow', 'service', 'bypass']);

/** Of somebody who has signed in, and shown their factors, just now. */
function needOf({ access, factors }: Application, facts: AccessFacts, readings: readonly string[]) {
  if (!access || !factors || typeof facts.person !== 'object' || typeof facts.factors !== 'object') return undefined;
  const now = Date.now();
  const given = [...facts.factors].map((method) => ({ method, factor: '', at: now, trustedFrom: now }));
  const shown = { amr: facts.person.amr, authenticatedAt: now, factors: given };
  return findNeed(access, factors, { facts, shown, now }, readings).need;
}

const refused = (
  place: Pick<TestedAccess, 'app' | 'readings'>,
  code: NonNullable<TestedAccess['refused']>,
): TestedAccess => ({ ...place, isAllowed: false, decision: undefined, refused: code, policies: [] });

/** What becomes of a path before policies are asked. */
function pathRefusal(found: Found, path: string): TestedAccess['refused'] {
  try {
    const head = { path, method: 'GET' } as Parameters<typeof judgePath>[0];
    return 'redirect' in judgePath(head, found) ? 'REDIRECTED' : undefined;
  } catch (error) {
    if (error instanceof Refusal) return 'PATH_AMBIGUOUS';
    throw error;
  }
}

type GivenFacts = Pick<AccessFacts, 'person' | 'serviceToken' | 'address' | 'factors'>;

async function factsOf(flags: AccessTestFlags): Promise<GivenFacts> {
  const { user, address: given, token } = flags;
  const email = user === '-' ? (await text(process.stdin)).trim() : user;
  const address: Address | undefined = given === undefined ? undefined : parseAddress(given);
  if (given !== undefined && !address)
    throw new UsageError('--address is no address', 'Pass an IPv4 or IPv6 address: --address 192.0.2.1.');
  const person = email === undefined ? undefined : personOf(email, flags);
  return { person, serviceToken: token, address, factors: factorsOf(flags) };
}

function factorsOf({ factor = [] }: AccessTestFlags): ReadonlySet<EnrolledMethod> {
  const known = new Set<string>(ENROLLED_METHODS);
  if (!factor.every((method) => known.has(method)))
    throw new UsageError('--factor is no method', `Pass one of ${ENROLLED_METHODS.join(', ')}.`);
  return new Set(factor as EnrolledMethod[]);
}

function placeOf(
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

/** As a connection with it would bring it now. */
function certificateOf(
  { certificate: file }: AccessTestFlags,
  { tlsProfile }: Application,
  { profiles, devices }: GatewaySetup,
): AccessFacts['certificate'] {
  if (file === undefined) return undefined;
  const cas = [...(profiles.get(tlsProfile ?? '')?.cas ?? []), ...devices.toldCas];
  let sent: X509Certificate[];
  try {
    sent = readCertificates(readPem(file).toString());
  } catch {
    sent = [];
  }
  const [leaf, ...given] = sent;
  if (!leaf) throw new UsageError('--certificate is no certificate', 'Name a file of PEM, without its key.');
  const shown = readShown(leaf, given, cas);
  return shown && devices.judge(shown, Date.now());
}

function personOf(email: string, flags: AccessTestFlags): Person {
  const { group = [], claim = [], provider = '', amr = [] } = flags;
  const claims = new Map<string, string[]>();
  for (const each of claim) {
    const equals = each.indexOf('=');
    if (equals < 1) throw new UsageError('--claim has no value', 'Write it as --claim name=value.');
    const name = each.slice(0, equals);
    claims.set(name, [...(claims.get(name) ?? []), each.slice(equals + 1)]);
  }
  return { provider, source: '', subject: email, email: email.toLowerCase(), groups: group, claims, amr };
}

export function describe({ app, readings, isAllowed, decision, refused: code, need, policies }: TestedAccess): string {
  return [
    isAllowed ? 'allowed' : 'not allowed',
    `app    ${app}`,
    `paths  ${readings.join('  ')}`,
    `why    ${describeWhy(decision, code)}`,
    ...(need ? [`needs  ${describeNeed(need)}`] : []),
    ...policies.flatMap(describePolicy),
  ].join('\n');
}

const REFUSED: { readonly [Code in NonNullable<TestedAccess['refused']>]: string } = {
  PATH_AMBIGUOUS: 'servers read this path in different ways, so that it is refused',
  REDIRECTED: 'it is redirected to the path that reads in one way',
};

function describeWhy(decision: AccessDecision | undefined, code: TestedAccess['refused']): string {
  if (code) return REFUSED[code];
  if (!decision) return 'the application has no policies, and is open to everybody';
  const { verdict, policy, methods = [] } = decision;
  if (verdict === 'sign-in') return 'nobody has signed in, and somebody could be let in who did';
  if (verdict === 'step-up') return `they could be let in with ${methods.join(' or ')}`;
  if (policy === undefined) return 'no policy lets it in';
  return verdict === 'denied' ? `blocked by ${policy}` : `${verdict} by ${policy}`;
}

const describeNeed = ({ methods, every }: Requirement): string =>
  `${methods.join(' or ')}, ${every === 0 ? 'for each page anew' : `every ${formatMinutes(every)}`}`;

const formatMinutes = (ms: number): string => (ms % HOUR_MS === 0 ? `${ms / HOUR_MS}h` : `${Math.round(ms / 60_000)}m`);
const HOUR_MS = 3_600_000;

function describePolicy({ name, action, place, isCovered, outcome, selectors }: ExplainedPolicy): string[] {
  const note =
    place === undefined ? 'not for this path' : isCovered ? 'another one is for a longer path' : word(outcome);
  return [
    `policy ${name} (${action}): ${note}`,
    ...(place === undefined || isCovered
      ? []
      : selectors.map(({ part, text: selector, outcome: own }) => `         ${part} ${selector}  ${word(own)}`)),
  ];
}
