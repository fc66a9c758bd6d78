// Random policies and requests, of few values, so that they often meet.

import { parseAddress } from '../../../../gateway/addresses/address.ts';
import { ENROLLED_METHODS } from '../../../../gateway/factors/factor.ts';
import type { AccessFacts } from '../../../../gateway/identity/policies/facts.ts';
import type { PolicyConfig, SelectorConfig } from '../../../../gateway/identity/policies/policy-schema.ts';
import type { FindList } from '../../../../gateway/rules/compile-expression.ts';
import type { Random } from '../../random.ts';

const EMAILS = ['ann@example.com', 'bob@example.com', 'cy@example.org'];
const GROUPS = ['staff', 'finance', 'contractors'];
const PROVIDERS = ['work', 'guests'];
const TOKENS = ['deploy', 'backup'];
const PLACES = ['192.0.2.0/24', '2001:db8::/32', '$office', '$stale'];
const ADDRESSES = ['192.0.2.7', '198.51.100.9', '203.0.113.5', '2001:db8::1'];
const PREFIXES = ['/', '/admin', '/Admin/', '/admin/users', '/public/'];
export const PATHS = [
  '/',
  '/admin',
  '/ADMIN/x',
  '/admin/users/1',
  '/public/a',
  '/adminx',
  '/other',
  '/admin.json',
  '/Admin/users.XML',
  '/admin\n',
  '/admin /users.x',
  '/admin.1-b.html/',
  '/admin./users',
  '/index.php/admin',
  '/Public/x.php/a.php/ADMIN.json',
  '/admin/x.php/users',
  '/admin.php',
];

const ISSUERS = ['aa'.repeat(32), 'bb'.repeat(32)] as const;
const DEVICES = ['C02XL0', 'c02xl0', 'PF-1', 'PF-2'];
/** The CAs that say what devices are called, where a configuration names some. */
export const DEVICE_ISSUERS: readonly (readonly string[] | undefined)[] = [undefined, [ISSUERS[0]]];
const LAPTOPS = ['C02XL0', 'PF-1', `${ISSUERS[1]}:b`];

/**
 * `office` has one address, `laptops` two devices and a certificate; `stale` and `lost` were never
 * read.
 */
export const findList: FindList = (name) =>
  name === 'office'
    ? { kind: 'ip', has: (address) => address.family === 4 && address.word === 0xc6336409 }
    : name === 'stale'
      ? { kind: 'ip', has: () => undefined }
      : name === 'laptops'
        ? { kind: 'string', has: (text) => LAPTOPS.includes(text) }
        : name === 'lost'
          ? { kind: 'string', has: () => undefined }
          : undefined;

export function randomSelector(random: Random): SelectorConfig {
  const selectors: readonly (() => SelectorConfig)[] = [
    () => ({ everyone: true }),
    () => ({ email: [random.pick(EMAILS)] }),
    () => ({ emailDomain: [random.pick(['example.com', 'example.org'])] }),
    () => ({ group: some(random, GROUPS) }),
    () => ({ claim: { name: 'role', value: [random.pick(['admin', 'reader'])] } }),
    () => ({ provider: [random.pick(PROVIDERS)] }),
    () => ({ address: some(random, PLACES) }),
    () => ({ serviceToken: [random.pick(TOKENS)] }),
    () => ({ country: some(random, ['AT', 'DE', 'FR']) }),
    () => ({ asn: [random.pick([64_496, 64_497])] }),
    () => ({ certificate: random.below(2) === 0 ? true : randomWanted(random) }),
    () => ({ device: some(random, ['$laptops', '$lost']) }),
    () => ({ factor: some(random, ENROLLED_METHODS) }),
    () => ({ factor: [random.pick(ENROLLED_METHODS)] }),
  ];
  return random.pick(selectors)();
}

const randomWanted = (random: Random) => ({
  ...(random.below(2) === 0 && { issuer: some(random, ISSUERS) }),
  ...(random.below(3) === 0 && { serial: ['b'] }),
  ...(random.below(3) === 0 && { commonName: ['laptop', 'phone'] }),
  ...(random.below(3) === 0 && { email: ['ann@example.com'] }),
  dns: [random.pick(['a.example', 'b.example'])],
});

function randomCertificate(random: Random): AccessFacts['certificate'] {
  if (random.below(3) === 0) return random.pick(['unknown', undefined] as const);
  return {
    issuer: random.pick(ISSUERS),
    serial: random.pick(['a', 'b']),
    fingerprint: '0'.repeat(64),
    devices: some(random, DEVICES).slice(random.below(2)),
    commonNames: [random.pick(['laptop', 'other'])],
    emails: [random.pick(EMAILS)],
    dnsNames: some(random, ['a.example', 'b.example']),
    isOfOnlyCa: random.below(2) === 0,
  };
}

const ACTIONS = [
  { action: 'allow' },
  { action: 'allow', session: { absolute: 300_000 } },
  { action: 'allow', session: { absolute: 3_600_000 } },
  { action: 'allow', session: { idle: 60_000 } },
  { action: 'allow', session: { absolute: 3_600_000, idle: 600_000 } },
  { action: 'block' },
  { action: 'bypass' },
  { action: 'service' },
] as const;

export function randomPolicies(random: Random): PolicyConfig[] {
  return Array.from({ length: random.below(6) }, (_, i) => ({
    name: `p${i}`,
    ...random.pick(ACTIONS),
    include: Array.from({ length: 1 + random.below(3) }, () => randomSelector(random)),
    require: Array.from({ length: random.below(2) }, () => randomSelector(random)),
    exclude: Array.from({ length: random.below(2) }, () => randomSelector(random)),
    paths: random.below(2) === 0 ? ['/'] : some(random, PREFIXES),
  }));
}

export function randomFacts(random: Random): AccessFacts {
  const email = random.pick([...EMAILS, undefined]);
  const person = {
    provider: random.pick(PROVIDERS),
    source: '-',
    subject: 'someone',
    email,
    groups: some(random, GROUPS).slice(random.below(2)),
    claims: new Map(
      random.pick([[], [['role', []]], [['role', [random.pick(['admin', 'reader'])]]]] as [string, string[]][][]),
    ),
    amr: [],
  };
  const isThere = random.below(3) > 0;
  return {
    person: isThere ? person : undefined,
    ...(isThere && random.below(2) === 0 && { factors: new Set(some(random, ENROLLED_METHODS)) }),
    signedInMs: random.pick([undefined, 0, 299_999, 300_000, 4_000_000]),
    idledMs: random.pick([undefined, 0, 59_999, 60_000, 4_000_000]),
    serviceToken: random.pick([undefined, undefined, ...TOKENS]),
    address: random.below(8) === 0 ? undefined : parseAddress(random.pick(ADDRESSES)),
    certificate: randomCertificate(random),
    country: random.pick([undefined, 'AT', 'DE', 'CH']),
    asn: random.pick([undefined, 64_496, 64_498]),
  };
}

function some<Value>(random: Random, values: readonly Value[]): Value[] {
  const chosen = values.filter(() => random.below(2) === 0);
  return chosen.length > 0 ? chosen : [random.pick(values)];
}
