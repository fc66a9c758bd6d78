// Random policies and requests, of few values, so that they often meet.

import { parseAddress } from '../../../../gateway/addresses/address.ts';
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

/** `office` has one address; `stale` was never read. */
export const findList: FindList = (name) =>
  name === 'office'
    ? { kind: 'ip', has: (address) => address.family === 4 && address.word === 0xc6336409 }
    : name === 'stale'
      ? { kind: 'ip', has: () => undefined }
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
  ];
  return random.pick(selectors)();
}

export function randomPolicies(random: Random): PolicyConfig[] {
  return Array.from({ length: random.below(6) }, (_, i) => ({
    name: `p${i}`,
    action: random.pick(['allow', 'allow', 'block', 'bypass', 'service'] as const),
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
    subject: 'someone',
    email,
    groups: some(random, GROUPS).slice(random.below(2)),
    claims: new Map(
      random.pick([[], [['role', []]], [['role', [random.pick(['admin', 'reader'])]]]] as [string, string[]][][]),
    ),
    amr: [],
  };
  return {
    person: random.below(3) === 0 ? undefined : person,
    serviceToken: random.pick([undefined, undefined, ...TOKENS]),
    address: random.below(8) === 0 ? undefined : parseAddress(random.pick(ADDRESSES)),
  };
}

function some(random: Random, values: readonly string[]): string[] {
  const chosen = values.filter(() => random.below(2) === 0);
  return chosen.length > 0 ? chosen : [random.pick(values)];
}
