// The test that an application has to pass before its logins are held back.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { testHold } from '../../../gateway/hold-test/hold-test.ts';
import { parseAccounts, type TestAccount } from '../../../gateway/hold-test/test-account.ts';
import { configOf } from '../../support/gateway/gateway.ts';
import { APP, formAt, loginKeys } from '../../support/gateway/hold/hold-world.ts';
import { type InPlaceOptions, SECRET, startInPlaceApp } from '../../support/gateway/hold/in-place-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';

const PASSWORD = 'an account of tests';
const account: TestAccount = {
  login: '/login',
  fields: { user: 'test', pass: PASSWORD },
  as: 'form',
  page: '/home',
  signedIn: SECRET,
};

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([]);
});
afterAll(() => leaks.close());

/** Of which the account has not the field of the name. */
const NAMELESS = formAt('main', '/login').replace('"user"', '"mail"');

interface Given extends Partial<InPlaceOptions> {
  readonly hold?: string;
  /** Of the login in the configuration. */
  readonly path?: string;
  readonly account?: Partial<TestAccount>;
  readonly locations?: string;
  /** Of the application, with the hosts where people log in. */
  readonly name?: string;
  readonly hosts?: readonly string[];
}

const WHOAMI = `whoami: { path: /home, after: '<b>', before: '</b>' }`;

/** @returns the steps that failed, each with its fault */
async function faultsOf({
  name = APP,
  hosts,
  hold = `sessions: [PHPSESSID], ${WHOAMI}${hosts ? `, hosts: [${hosts}]` : ''}`,
  path = '/login',
  ...given
}: Given): Promise<string[]> {
  const app = await startInPlaceApp({ users: { test: PASSWORD }, answerMs: 20, ...given });
  const config = configOf(`
listen: 127.0.0.1:0
auth: auth.example
identity: { mail: { pin: { smtp: "smtp://127.0.0.1:9", from: a@example.com, to: ["@example.com"] } } }
leaks: ${leaks.keys()}
apps:
  ${name}:
    to: "${app.url}"
    login: ${loginKeys(hold, given.locations).replace('"/login"', `"${path}"`)}
`);
  const steps = await testHold(config, name.replaceAll('"', ''), [
    { ...account, ...(hosts && { host: APP }), ...given.account },
  ]);
  return steps.flatMap(({ step, fault }) => (fault === undefined ? [] : [`${step}: ${fault}`]));
}

test('an application passes whose sessions are all named', async () => {
  expect(await faultsOf({})).toEqual([]);
});

test.each<[string, Given, string]>([
  ['another cookie tells a session', { alsoBy: 'cookie' }, 'no other cookie tells a session'],
  ['a form tells a session', { alsoBy: 'body' }, 'no body tells a session'],
  ['a cookie of before shows whose it is', { alsoBy: 'cart' }, 'no cookie of before shows the login'],
  ['a hidden field tells a session', { alsoBy: 'field' }, 'no field of the form tells a session'],
  ['another host was not tested', { name: '"*.example"', hosts: ['app.example', 'b.example'] }, 'held at b.example'],
  ['the wrong cookie is named', { hold: `sessions: [theme], ${WHOAMI}` }, 'no other cookie tells a session'],
  [
    'the account is none',
    { account: { fields: { user: 'test', pass: 'wrong' } } },
    'signs in: the login was answered with 302 and no cookie, and page behind it with 200',
  ],
  ['the page is for everybody', { account: { signedIn: '<' } }, 'the page is not for strangers'],
  [
    'the page of whoami names nobody',
    { hold: `sessions: [PHPSESSID], whoami: { path: /home, after: '<i>', before: '</i>' }` },
    'whoami names who is signed in',
  ],
  [
    'the page of whoami names a stranger',
    { hold: `sessions: [PHPSESSID], whoami: { path: /home, after: '<form>', before: '</form>' }` },
    'whoami names no stranger',
  ],
  ['passwords are cut', { compares: (typed) => typed.slice(0, 14) }, 'takes it with more behind it'],
  ['case is no matter', { compares: (typed) => typed.toLowerCase() }, 'takes it in other letters'],
  ['accents are no matter', { compares: (typed) => typed.normalize('NFD').replace(/\p{M}/gu, '') }, 'with an accent'],
  ['all tags are taken away', { compares: (typed) => typed.replace(/<[^>]*>?/g, '') }, 'takes it with an open tag'],
  ['the name was asked for before', { isNamedBefore: 'test' }, 'its name is read from the login'],
  ['another field names the user too', { alsoNamed: 'email' }, 'its name is read from no other field'],
  ['the login has no name', { isNamedBefore: 'test', account: { fields: { pass: PASSWORD } } }, 'its login has a name'],
  ['the password is short', { users: { test: 'short' }, account: { fields: { user: 'test', pass: 'short' } } }, '15'],
  ['a query logs in too', { alsoAt: 'query', locations: NAMELESS }, '(GET with a query)'],
  ['another path logs in too', { alsoAt: '/', locations: NAMELESS }, '(the first path)'],
  ['a cookie is too long to be sealed', { idBytes: 1_536 }, 'browsers keep its cookies'],
  ['the login is none of the configuration', { path: '/elsewhere' }, 'no account was held at main'],
])('it fails where %s', async (_, given, fault) => {
  expect((await faultsOf(given)).join('\n')).toContain(fault);
});

test('other ways to log in with the same fields are seen', async () => {
  expect(await faultsOf({ alsoAt: 'query' })).toEqual([]);
  expect(await faultsOf({ alsoAt: '/in', account: { login: '/login?r=in' } })).toEqual([]);
});

test('spellings that the check undoes are no fault', async () => {
  const compares = (typed: string): string =>
    typed
      .normalize('NFKC')
      .replace(/[\p{Cf}\\]|<[^<>]*>/gu, '')
      .trim();
  expect(await faultsOf({ compares })).toEqual([]);
});

test('it fails where a location has no account', async () => {
  const faults = await faultsOf({ locations: formAt('main', '/login') + formAt('admin', '/admin/login') });
  expect(faults).toEqual([expect.stringContaining('no account was held at admin')]);
});

test('an account that is malformed is refused without its values', () => {
  const { faults } = parseAccounts('{ login: x, fields: { p: hunter2 }, page: /a, signedIn: b, pasword: hunter2 }') as {
    faults: string[];
  };
  expect(faults).toEqual(expect.arrayContaining([expect.stringContaining('login must be a path')]));
  expect(JSON.stringify(faults)).not.toContain('hunter2');
  expect(parseAccounts('{')).toEqual({ faults: ['it is neither YAML nor JSON'] });
  for (const empty of ['', '# none', '[]', 'text', '- 1'])
    expect(parseAccounts(empty), empty).toEqual({ faults: ['it is empty, or has no keys'] });
});
