// Guesses at others beside one's own login: refused, so that they neither tell nor count.

import { expect, test } from 'vitest';
import { FORM, JSON_TYPE, loginsOf, outcomeOf, readAt } from '../../support/gateway/login/read.ts';

const read = (body: string, type = FORM): unknown =>
  outcomeOf(readAt(loginsOf('wordpress'), { target: '/wp-login.php', headers: ['Content-Type', type], body }));

test.each([
  'log=mine&pwd=mine&x[log]=victim&x[pwd]=guess',
  'log=mine&pwd=mine&x[log]=victim',
  'log=mine&pwd=mine&x.pwd=guess',
  'x[pwd]=guess&log=mine&pwd=mine',
  'log=mine&pwd=mine&x[]pwd=mine&x[pwd]=guess',
  Array.from({ length: 3 }, (_, i) => `x${i}[log]=victim${i}`)
    .join('&')
    .concat('&pwd=mine'),
  Array.from({ length: 3 }, (_, i) => `x${i}[pwd]=guess${i}`)
    .join('&')
    .concat('&log=victim'),
])('a decoy is refused: %s', (body) => {
  expect(read(body)).toBe('LOGIN_UNREADABLE');
});

test.each([
  'log=mine&pwd=mine&x[log]=mine&x[pwd]=mine',
  'log=mine&pwd=mine&x[log]=+mine',
  'log=mine&pwd=mine&x[user]=other',
])('what names one user is none: %s', (body) => {
  expect(read(body)).toMatchObject({ passwords: expect.arrayContaining(['mine']) });
});

test('members of JSON are decoys too', () => {
  const logins = loginsOf('generic');
  const at = (body: unknown): unknown => {
    const sent = { target: '/login', headers: ['Content-Type', JSON_TYPE], body: JSON.stringify(body) };
    return outcomeOf(readAt(logins, sent));
  };
  const own = { username: 'mine', password: 'mine' };
  expect(at({ ...own, x: { username: 'victim', password: 'guess' } })).toBe('LOGIN_UNREADABLE');
  expect(at({ x: own })).toMatchObject({ usernames: ['mine'], passwords: ['mine'] });
});
