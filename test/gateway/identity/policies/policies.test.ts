// Policies: what each decides, and that all of them decide as a naive reading does.

import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../../gateway/addresses/address.ts';
import type { Person } from '../../../../gateway/identity/person.ts';
import { explainPolicies } from '../../../../gateway/identity/policies/explain-policies.ts';
import type { AccessFacts } from '../../../../gateway/identity/policies/facts.ts';
import { type AccessVerdict, compilePolicies, judgeAccess } from '../../../../gateway/identity/policies/policies.ts';
import { POLICIES_SCHEMA } from '../../../../gateway/identity/policies/policy-schema.ts';
import { judgeNaively } from '../../../support/gateway/identity/naive-policies.ts';
import {
  DEVICE_ISSUERS,
  findList,
  PATHS,
  randomFacts,
  randomPolicies,
} from '../../../support/gateway/identity/random-policies.ts';
import { createRandom, testSeed } from '../../../support/random.ts';

/** As many as a long run takes: 100,000. */
const CASES = Number(process.env.CREDVEIL_TEST_POLICIES ?? 20_000);

const ANN: Person = {
  provider: 'work',
  source: '-',
  subject: '1',
  email: 'ann@example.com',
  groups: ['staff'],
  claims: new Map([['role', ['admin']]]),
  amr: [],
};
const NOBODY: AccessFacts = {
  person: undefined,
  serviceToken: undefined,
  address: parseAddress('203.0.113.5'),
  certificate: undefined,
  country: undefined,
  asn: undefined,
};

function judge(policies: unknown, facts: Partial<AccessFacts> = {}, ...paths: string[]): AccessVerdict {
  const compiled = compilePolicies(POLICIES_SCHEMA.parse(policies), { findList });
  return judgeAccess(compiled, { ...NOBODY, ...facts }, paths.length > 0 ? paths : ['/']).verdict;
}

const STAFF = { name: 'staff', action: 'allow', include: [{ emailDomain: 'example.com' }] };

describe('access', () => {
  test('is denied without policies', () => {
    expect(judge([])).toBe('denied');
    expect(judge([], { person: ANN, serviceToken: 'deploy' })).toBe('denied');
  });

  test('asks for a sign-in where a person could be allowed', () => {
    expect(judge([STAFF])).toBe('sign-in');
    expect(judge([STAFF], { person: ANN })).toBe('allow');
    expect(judge([STAFF], { person: { ...ANN, email: 'ann@example.com.evil.test' } })).toBe('denied');
    expect(judge([STAFF], { person: { ...ANN, email: undefined } })).toBe('denied');
    expect(judge([{ ...STAFF, require: [{ address: '192.0.2.0/24' }] }])).toBe('denied');
  });

  test('does not take an address with two @ for one of a domain', () => {
    expect(judge([STAFF], { person: { ...ANN, email: 'x@evil.test@example.com' } })).toBe('denied');
    expect(judge([STAFF], { person: { ...ANN, email: 'x@example.com@evil.test' } })).toBe('denied');
  });

  test('needs a person for everyone whom a policy allows', () => {
    const all = [{ name: 'all', action: 'allow', include: [{ everyone: true }] }];
    expect(judge(all)).toBe('sign-in');
    expect(judge(all, { serviceToken: 'deploy' })).toBe('sign-in');
    expect(judge(all, { person: ANN })).toBe('allow');
  });

  test('is blocked by what may match, and never opened by it', () => {
    const stale = { address: '$stale' };
    const block = { name: 'stale', action: 'block', include: [stale] };
    expect(judge([STAFF, block], { person: ANN })).toBe('denied');
    expect(judge([{ name: 'open', action: 'bypass', include: [stale] }])).toBe('denied');
    expect(judge([{ ...STAFF, require: [stale] }], { person: ANN })).toBe('denied');
    expect(judge([{ ...STAFF, exclude: [stale] }], { person: ANN })).toBe('denied');
  });

  test('below a path with policies is decided by these alone', () => {
    const finance = { name: 'finance', action: 'allow', include: [{ group: 'finance' }], paths: ['/finance/'] };
    for (const path of [
      '/finance',
      '/finance/',
      '/finance/a',
      '/FINANCE/a',
      '/Finance',
      '/finance.json',
      '/Finance.XML',
      '/finance.2024',
    ])
      expect(judge([STAFF, finance], { person: ANN }, path)).toBe('denied');
    for (const path of ['/', '/financed', '/a/finance', '/finance.d/a', '/finance-2024'])
      expect(judge([STAFF, finance], { person: ANN }, path)).toBe('allow');
    expect(judge([STAFF, finance], { person: { ...ANN, groups: ['finance'] } }, '/finance/a')).toBe('allow');
  });

  test.each([
    ...['.json/', '.json//', '.abcdefghi', '.1', '.a-b', '.json.html', '.', '..', '.%', '.JSON/ ', '.é'],
    ...['\n', ' ', '\t/', ' /users', '\xc2\xa0', '\xe2\x80\x8b', '\x85', '\0'],
  ])('takes %j behind a path for nothing', (end) => {
    const open = { name: 'open', action: 'bypass', include: [{ everyone: true }] };
    expect(judge([open, { ...STAFF, paths: '/admin' }], {}, `/admin${end}`)).toBe('sign-in');
    expect(judge([open, { ...STAFF, paths: '/a/b.c' }], {}, `/a/B.c${end}`)).toBe('sign-in');
    expect(judge([open, { ...STAFF, paths: '/admin' }], {}, `/admins${end}`)).toBe('bypass');
  });

  test.each([
    '/index.php/admin',
    '/app_dev.php/admin/users',
    '/x/INDEX.PHP5/Admin.json/',
    '/dispatch.fcgi/admin',
    '/a.cgi/x/b.cgi/admin',
    '/x.php/admin/y.php/z',
    '/admin/index.aspx/users',
  ])('takes %s for what is behind its program, too', (path) => {
    const open = { name: 'open', action: 'bypass', include: [{ everyone: true }] };
    const closed = { ...STAFF, paths: ['/admin/users', '/admin'] };
    expect(judge([open, closed], {}, path)).toBe('sign-in');
    expect(judge([{ ...STAFF, paths: '/admin/users' }, open], {}, '/admin/index.php/users')).toBe('sign-in');
    expect(judge([open, closed], {}, path.replaceAll(/admin/gi, 'other'))).toBe('bypass');
  });

  test('of a path of a million characters that are not seen takes no longer than its length', () => {
    // An expression that ends in `$` would take an hour.
    expect(judge([STAFF], {}, `/${' '.repeat(1_000_000)}b`)).toBe('sign-in');
  });

  test('is the strictest of all readings of a path', () => {
    const open = { name: 'open', action: 'bypass', include: [{ everyone: true }], paths: ['/public'] };
    expect(judge([STAFF, open], {}, '/public/x')).toBe('bypass');
    expect(judge([STAFF, open], {}, '/public/../x', '/x')).toBe('sign-in');
    const block = { name: 'block', action: 'block', include: [{ everyone: true }], paths: ['/x'] };
    expect(judge([STAFF, open, block], { person: ANN }, '/public/..%2fx', '/x')).toBe('denied');
  });

  test('of a program needs a token that a policy names', () => {
    const service = { name: 'ci', action: 'service', include: [{ serviceToken: 'deploy' }] };
    expect(judge([service], { serviceToken: 'deploy' })).toBe('service');
    expect(judge([service], { serviceToken: 'backup' })).toBe('denied');
    expect(judge([{ ...service, include: [{ everyone: true }] }])).toBe('denied');
  });
});

describe('a factor that policies ask for', () => {
  const KEY = { name: 'key', action: 'allow', include: [{ everyone: true }], require: [{ factor: 'security_key' }] };

  test('is shown by whoever has signed in', () => {
    expect(judge([KEY])).toBe('sign-in');
    expect(judge([KEY], { person: ANN })).toBe('step-up');
    expect(judge([KEY], { person: ANN, factors: new Set(['totp']) })).toBe('step-up');
    expect(judge([KEY], { person: ANN, factors: new Set(['security_key']) })).toBe('allow');
    expect(judge([{ ...KEY, include: [{ group: 'finance' }] }], { person: ANN })).toBe('denied');
  });

  test('is shown after they signed in anew, where that was too long ago', () => {
    const young = { ...KEY, session: { absolute: '5m' } };
    expect(judge([young], { person: ANN, signedInMs: 300_000 })).toBe('sign-in');
    expect(judge([young], { person: ANN, signedInMs: 0 })).toBe('step-up');
    expect(judge([{ ...young, require: [{ group: 'finance' }] }], { person: ANN, signedInMs: 300_000 })).toBe('denied');
  });
});

describe('policies', () => {
  test('decide as a naive reading of them does, in random configurations', () => {
    const random = createRandom(testSeed('policies'));
    const seen = new Set<string>();
    for (let i = 0; i < CASES; i++) {
      const configs = randomPolicies(random);
      const facts = randomFacts(random);
      const deviceIssuers = random.pick(DEVICE_ISSUERS);
      const paths = Array.from({ length: 1 + random.below(2) }, () => random.pick(PATHS));
      const policies = compilePolicies(configs, { findList, deviceIssuers });
      const decision = judgeAccess(policies, facts, paths);
      const expected = judgeNaively(configs, facts, paths, deviceIssuers);
      if (JSON.stringify(decision) !== JSON.stringify(expected))
        expect({ configs, facts, paths, decision }).toMatchObject({ decision: expected });
      seen.add(decision.verdict);
      const explained = explainPolicies(policies, facts, paths).find(({ name }) => name === decision.policy);
      if (decision.policy !== undefined)
        expect(explained).toMatchObject({ isCovered: false, place: expect.any(String) });
      // A block wins whatever else is there.
      const without = configs.filter(({ action }) => action === 'block');
      if (judgeNaively(without, facts, paths, deviceIssuers).policy !== undefined)
        expect(decision.verdict).toBe('denied');
      // Nobody is let in by less than a permission.
      if (!configs.some(({ action }) => action !== 'block')) expect(decision.verdict).toBe('denied');
    }
    expect([...seen].sort()).toEqual(['allow', 'bypass', 'denied', 'service', 'sign-in', 'step-up']);
  });
});
