// Other ways to log in, of which the configuration may know nothing: applications that take a name
// and a password from wherever they come, or under more paths than the one of their form.

import { cookieOf, hiddenFields, jarAfter, type TestAnswer, type TestRequest } from './test-client.ts';
import type { TestPlace } from './test-place.ts';

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];
const BOUNDARY = 'credveil-test';

/** @returns which of them has signed a client in */
export async function unseenLogin({ account, gateway }: TestPlace, form: TestAnswer): Promise<string | undefined> {
  const { login, fields, page, signedIn } = account;
  const all = { ...Object.fromEntries(hiddenFields(form.body)), ...fields };
  for (const [name, request] of waysIn(login, all)) {
    const before = await gateway({ path: account.form ?? login });
    const cookie = cookieOf(jarAfter(before));
    const answer = await gateway({ ...request, cookie });
    for (const jar of [jarAfter(before), jarAfter(before, answer)])
      if ((await gateway({ path: page, cookie: cookieOf(jar) })).body.includes(signedIn)) return name;
  }
  return undefined;
}

function waysIn(
  login: string,
  fields: { readonly [name: string]: string },
): readonly (readonly [string, TestRequest])[] {
  const body = new URLSearchParams(fields).toString();
  const inQuery = `${login}${login.includes('?') ? '&' : '?'}${body}`;
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const [path = '', query] = login.split('?');
  const at = (other: string): string => (query === undefined ? other : `${other}?${query}`);
  const post = { method: 'POST', headers: FORM, body } as const;
  return [
    ['GET with a query', { path: inQuery }],
    ['POST with a query', { method: 'POST', headers: FORM, path: inQuery, body: '' }],
    [
      'multipart',
      {
        method: 'POST',
        path: login,
        headers: ['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`],
        body: `${parts.join('')}--${BOUNDARY}--\r\n`,
      },
    ],
    [
      'JSON',
      { method: 'POST', path: login, headers: ['Content-Type', 'application/json'], body: JSON.stringify(fields) },
    ],
    ['without a type', { method: 'POST', path: login, body }],
    ['a slash behind the path', { ...post, path: at(`${path}/`) }],
    ['two slashes', { ...post, path: at(`/${path}`) }],
    ['more path', { ...post, path: at(`${path}/x`) }],
    ['upper case', { ...post, path: at(path.toUpperCase()) }],
    [
      'an escaped letter',
      { ...post, path: at(path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)) },
    ],
    ['the first path', { ...post, path: '/' }],
    ['another action', { ...post, path: `${login}${query === undefined ? '?' : '&'}action=x` }],
    ['another method', { ...post, method: 'PUT', path: login }],
  ];
}
