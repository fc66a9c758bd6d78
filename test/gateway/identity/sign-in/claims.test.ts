// What providers say of a person, of odd types and in odd places. Nothing that a policy could block
// somebody by is lost on the way.

import { describe, expect, test } from 'vitest';
import { compilePolicies, judgeAccess } from '../../../../gateway/identity/policies/policies.ts';
import { POLICIES_SCHEMA } from '../../../../gateway/identity/policies/policy-schema.ts';
import { personFrom } from '../../../../gateway/identity/sign-in/claims.ts';

const NAMES = { groups: 'groups', emailVerified: 'email_verified' };
const read = (claims: object) => personFrom({ name: 'staff', source: '-' }, { sub: 'ann', ...claims }, NAMES);

describe('groups', () => {
  test.each([
    ['a list', ['a', 'b'], ['a', 'b']],
    ['one', 'a,b', ['a,b']],
    ['a number', 7, ['7']],
    ['none', undefined, []],
    ['nothing', null, []],
    ['an empty list', [], []],
    ['empty text', '', []],
  ])('may be %s', (_, groups, expected) => {
    expect(read({ groups }).groups).toEqual(expected);
  });

  test.each([
    ['an object', { name: 'contractors' }],
    ['a list with an object', ['staff', { name: 'contractors' }]],
    ['a list of lists', [['contractors']]],
    ['a list with nothing', ['staff', null]],
  ])('of %s let nobody in: a block of one of them would not be seen', (_, groups) => {
    expect(() => read({ groups })).toThrow('groups that are no text');
  });

  test('that are elsewhere let nobody in: Entra ID does so with more than 200', () => {
    const _claim_names = { groups: 'src1' };
    expect(() => read({ _claim_names, _claim_sources: { src1: { endpoint: 'https://graph.example' } } })).toThrow(
      'groups elsewhere',
    );
    expect(() => read({ groups: ['staff'], _claim_names })).toThrow('groups elsewhere');
    expect(read({ groups: ['staff'], _claim_names: { other: 'src1' } }).groups).toEqual(['staff']);
  });
});

describe('policies', () => {
  const judge = (policies: object[], claims: object) =>
    judgeAccess(
      compilePolicies(POLICIES_SCHEMA.parse(policies), { findList: () => undefined }),
      {
        person: read(claims),
        serviceToken: undefined,
        address: undefined,
        certificate: undefined,
        country: undefined,
        asn: undefined,
      },
      ['/'],
    ).verdict;
  const everybody = { name: 'all', action: 'allow', include: [{ everyone: true }] };
  const verified = { email: 'ann@example.com', email_verified: true };

  test.each([
    ['no role', {}, 'allow'],
    ['another', { role: ['reader'] }, 'allow'],
    ['that', { role: ['reader', 'leaver'] }, 'denied'],
    ['an object', { role: { name: 'leaver' } }, 'denied'],
    ['a list with an object', { role: ['reader', { name: 'leaver' }] }, 'denied'],
    ['one that is elsewhere', { _claim_names: { role: 'src1' } }, 'denied'],
    ['one here, and elsewhere', { role: 'reader', _claim_names: { role: 'src1' } }, 'denied'],
  ])('block and exclude a role of %s', (_, claims, verdict) => {
    const role = { claim: { name: 'role', value: 'leaver' } };
    expect(judge([everybody, { name: 'gone', action: 'block', include: [role] }], claims)).toBe(verdict);
    expect(judge([{ ...everybody, exclude: [role] }], claims)).toBe(verdict);
    expect(judge([{ ...everybody, include: [role] }], { ...claims, role: { name: 'leaver' } })).toBe('denied');
  });

  test('by an e-mail are not passed by who takes its proof back', () => {
    const staff = { ...everybody, include: [{ group: 'staff' }] };
    for (const who of [{ email: 'ann@example.com' }, { emailDomain: 'example.com' }]) {
      const policies = [staff, { name: 'gone', action: 'block', include: [who] }];
      const excluding = [{ ...staff, exclude: [who] }];
      for (const each of [policies, excluding]) {
        expect(judge(each, { groups: ['staff'], email: 'bob@example.org', email_verified: true })).toBe('allow');
        for (const claims of [verified, { ...verified, email_verified: false }, { email_verified: true }, {}])
          expect(judge(each, { groups: ['staff'], ...claims })).toBe('denied');
      }
    }
  });

  test('name no e-mail that nobody can have', () => {
    for (const email of [
      'jürgen@example.com',
      'a b@example.com',
      'a%b@example.com',
      '"a"@example.com',
      'a@b@example.com',
    ])
      expect(POLICIES_SCHEMA.safeParse([{ ...everybody, include: [{ email }] }]).success, email).toBe(false);
  });
});

test('an e-mail is of one place: no route stands in it', () => {
  const emailOf = (email: string) => read({ email, email_verified: true }).email;
  expect(emailOf("Ann.O'Neil+x@Example.com")).toBe("ann.o'neil+x@example.com");
  for (const email of [
    'mallory%evil.example@example.com',
    'evil.example!mallory@example.com',
    '@evil.example:mallory@example.com',
    '|sh@example.com',
    '/etc/passwd@example.com',
    '-oQ/tmp@example.com',
    'ann@example.com.',
    'ann@[192.0.2.1]',
    'ann@exämple.com',
    'ann@\u212Aexample.com',
    '"ann"@example.com',
    'ann@example.com\n',
  ])
    expect(emailOf(email), email).toBeUndefined();
});
