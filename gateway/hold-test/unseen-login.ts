// Other ways to log in, of which the configuration may know nothing: applications that take a name
// and a password from wherever they come, or under more paths than the one of their form.

import { COMMON_PASSWORDS, namesInForm } from '../login/common-fields.ts';
import { type CredentialFields, fieldsIn } from './attack-credential.ts';
import type { TestAccount } from './test-account.ts';
import { cookieOf, hiddenFields, jarAfter, type TestAnswer, type TestRequest } from './test-client.ts';
import type { TestPlace } from './test-place.ts';

const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];
const JSON_TYPE = ['Content-Type', 'application/json'];
const BOUNDARY = 'credveil-test';

type Way = readonly [name: string, request: TestRequest];

/** @returns which of them has signed a client in */
export async function unseenLogin(
  { account, gateway }: TestPlace,
  form: TestAnswer,
  named: CredentialFields,
): Promise<string | undefined> {
  const { login, fields, page, signedIn } = account;
  const all = { ...Object.fromEntries(hiddenFields(form.body)), ...fields };
  const [user] = fieldsIn(account, named.names);
  const [password] = fieldsIn(account, named.passwords);
  const others = password === undefined ? [] : [byOtherField(account, all, password)];
  const basic = password === undefined ? [] : byBasic(page, fields[user ?? ''] ?? '', fields[password] ?? '');
  for (const [name, request] of [...waysIn(login, all), ...others, ...basic]) {
    const before = await gateway({ path: account.form ?? login });
    const cookie = cookieOf(jarAfter(before));
    const answer = await gateway({ ...request, cookie: [cookie, request.cookie ?? ''].filter(Boolean).join('; ') });
    for (const jar of [jarAfter(before), jarAfter(before, answer)])
      if ((await gateway({ path: page, cookie: cookieOf(jar) })).body.includes(signedIn)) return name;
  }
  return undefined;
}

function waysIn(login: string, fields: { readonly [name: string]: string }): readonly Way[] {
  const body = new URLSearchParams(fields).toString();
  const inQuery = `${login}${login.includes('?') ? '&' : '?'}${body}`;
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const [path = '', query] = login.split('?');
  const at = (other: string): string => (query === undefined ? other : `${other}?${query}`);
  const post = { method: 'POST', headers: FORM, body } as const;
  const inCookies = Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('; ');
  return [
    ['GET with a query', { path: inQuery }],
    ['GET with cookies', { path: login, cookie: inCookies }],
    ['a path with fields', { path: at(`${path}/${Object.entries(fields).flat().map(encodeURIComponent).join('/')}`) }],
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
    ['JSON', { method: 'POST', path: login, headers: JSON_TYPE, body: JSON.stringify(fields) }],
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
    ['a format', { ...post, path: at(`${path}.json`) }],
    ['a script before the path', { ...post, path: at(`/index.php${path}`) }],
    ...ROUTES.map(
      (route): Way => [`a route in the query (${route})`, { ...post, path: `/index.php?${route}${path.slice(1)}` }],
    ),
    ...routesOf(query).flatMap((route): Way[] => [
      ['its route as a path', { ...post, path: `/${route}` }],
      ['its route behind a script', { ...post, path: `/index.php/${route}` }],
    ]),
  ];
}

/** How front controllers are told a path. */
const ROUTES = ['r=', 'route=', '/'];

const routesOf = (query = ''): readonly string[] =>
  [...new URLSearchParams(query).values()]
    .filter((value) => /^\/?\w[\w/.-]*$/.test(value))
    .map((value) => value.replace(/^\//, ''));

/** In the place of its own one, all names in common use for one of a password. */
function byOtherField({ login, as }: TestAccount, all: { readonly [name: string]: string }, own: string): Way {
  const fields = { ...all };
  const password = fields[own] ?? '';
  delete fields[own];
  for (const name of namesInForm(COMMON_PASSWORDS)) if (name !== own) fields[name] = password;
  const sent =
    as === 'json'
      ? { headers: JSON_TYPE, body: JSON.stringify(fields) }
      : { headers: FORM, body: new URLSearchParams(fields).toString() };
  return ['another field of the password', { method: 'POST', path: login, ...sent }];
}

const byBasic = (path: string, user: string, password: string): readonly Way[] =>
  ['Basic', 'Bearer'].map((scheme) => {
    const credential = Buffer.from(`${user}:${password}`).toString('base64');
    return [`Authorization: ${scheme}`, { path, headers: ['Authorization', `${scheme} ${credential}`] }];
  });
