// Plain headers about a person: nothing in them reads as something else.

import { expect, test } from 'vitest';
import { identityHeaders, type Subject } from '../../../../gateway/identity/assertion/identity-headers.ts';
import type { Person } from '../../../../gateway/identity/person.ts';
import { personOf } from '../../../support/gateway/identity/people.ts';

const MAPPING = {
  'Remote-User': 'email',
  'X-Id': 'subject',
  'X-From': 'provider',
  'Remote-Groups': 'groups',
  'X-Team': 'claim:team',
  'X-Token': 'serviceToken',
};
const headersOf = (more: Partial<Person> = {}): Map<string, string> => {
  const subject: Subject = { kind: 'person', person: personOf('ann', more), sessionHash: 'x' };
  const flat = identityHeaders(MAPPING, subject);
  return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])));
};

test('name what the provider said', () => {
  expect(Object.fromEntries(headersOf())).toEqual({
    'Remote-User': 'ann@example.com',
    'X-Id': 'subject of ann',
    'X-From': 'staff',
    'Remote-Groups': 'all',
    'X-Team': 'red,blue',
  });
  expect(identityHeaders(MAPPING, { kind: 'service', token: 'deploy' })).toEqual(['X-Token', 'deploy']);
});

test('leave out what would read as another value', () => {
  const groups = ['a,admin', ' admin', 'admin ', 'ad\nmin', '', 'x\ud800', 'x\u0085y', 'staff', 'größe'];
  expect(headersOf({ groups }).get('Remote-Groups')).toBe(`staff,${Buffer.from('größe').toString('latin1')}`);
  for (const email of [undefined, '', ' a@b.c', 'a@b.c\r\nX: y', 'a\0', 'a\udc00'])
    expect(headersOf({ email }).has('Remote-User')).toBe(false);
  expect(headersOf({ email: 'x'.repeat(5_000) }).has('Remote-User')).toBe(false);
  expect(headersOf({ claims: new Map([['team', ['a,b']]]) }).has('X-Team')).toBe(false);
  expect(headersOf({ claims: new Map() }).has('X-Team')).toBe(false);
});
