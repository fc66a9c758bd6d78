// What was checked against what a handler of each framework reads, with decoys of every kind beside
// the login's own fields.

import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Credential, LeakChecker, Verdict } from '../../../client-sdk/index.ts';
import type { Recorder } from '../../support/logins/attempts.ts';
import { createLoginWorld, LOGIN_APPS, type LoginWorld } from '../../support/logins/fuzz.ts';
import type { Read } from '../../support/logins/readers.ts';
import type { LoginRequest } from '../../support/logins/requests.ts';
import { type LoginApp, ROUTES } from '../../support/logins/routes.ts';
import { LEAKED } from '../../support/logins/users.ts';
import { testSeed } from '../../support/random.ts';

const [{ username, password }] = LEAKED as [(typeof LEAKED)[0]];
const DECOY = 'decoy';
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

const request = (body: string | object, contentType = JSON_TYPE, query = ''): LoginRequest => ({
  query,
  contentType,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const form = (pairs: [string, string][]): string => new URLSearchParams(pairs).toString();
const multipart = (pairs: [string, string][]): string =>
  `${pairs.map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--b--\r\n`;
const flat = (name: 'username' | 'email') => ({ [name]: username, password });
const nested = { user: { email: username, password } };
const quoted = JSON.stringify(password);

/** Pairs of a decoy, for a text that is no form. */
const PAIRS = `&username=${DECOY}&password=${DECOY}&email=${DECOY}&`;
const decoyed = (name: 'username' | 'email') => ({ ...flat(name), x: PAIRS });
/** Blanks that some readers drop. */
const BLANKS = ['\ufeff', '\ufeff\ufeff', '\ufeff\ufeff\ufeff', '\u00a0', '\v', '\u2028', '\0'];
const MULTIPART = 'multipart/form-data; boundary=b';
const parts = multipart(Object.entries(flat('username')));
const partly = (header: string): string =>
  multipart([['username', username]]).replace('--b--', `--b\r\n${header}\r\n\r\n${password}\r\n--b--`);

/**
 * By kind. `exact`: the handler's credential is checked. Otherwise the request is challenged; of
 * `either`, parsers make different things, so that one of both is enough.
 */
const DECOYS: { readonly [kind: string]: readonly [exact: boolean | 'either', login: LoginRequest][] } = {
  none: (['username', 'email'] as const).flatMap((name) => [
    [true, request(flat(name))],
    [true, request(form(Object.entries(flat(name))), FORM)],
    [true, request(multipart(Object.entries(flat(name))), 'multipart/form-data; boundary=b')],
    [true, request(nested)],
  ]),
  dotted: [
    [true, request({ ...nested, 'user.email': DECOY, 'user.password': DECOY })],
    [true, request({ 'user.email': DECOY, ...nested, 'user.password': DECOY })],
    [true, request(form([...Object.entries(flat('email')), ['user.password', DECOY]]), FORM)],
  ],
  nested: [
    [true, request({ ...flat('username'), user: { email: DECOY, password: DECOY } })],
    [true, request({ ...nested, username: DECOY, password: DECOY })],
  ],
  doubled: [
    [true, request(`{"username":"${username}","password":"${DECOY}","password":${quoted}}`)],
    [true, request(`{"username":"${username}","password":${quoted},"password":"${DECOY}"}`)],
    [false, request(form([...Object.entries(flat('username')), ['password', DECOY]]), FORM)],
    [false, request(form([['password', DECOY], ...Object.entries(flat('email'))]), FORM)],
    [true, request({ ...flat('username'), email: DECOY })],
    [true, request({ username: DECOY, ...flat('email') })],
  ],
  array: [
    [false, request({ ...flat('username'), password: [password, DECOY] })],
    [false, request({ username: [DECOY, username], password })],
    [false, request({ ...flat('username'), email: [] })],
    [false, request({ user: { ...nested.user, email: [username] } })],
  ],
  number: [
    [false, request({ ...flat('username'), email: 0 })],
    [false, request({ username: 12_345_678, password: 87_654_321 })],
    [false, request({ username: true, password: false })],
  ],
  prototype: [
    [false, request(`{"username":"${username}","__proto__":{"password":${quoted}}}`)],
    [false, request(`{"__proto__":{"email":"${username}"},"username":"${DECOY}","password":${quoted}}`)],
    [false, request(`{"user":{"email":"${username}","__proto__":{"password":${quoted}}}}`)],
    [true, request({ ...flat('username'), constructor: DECOY, toString: DECOY })],
  ],
  padded: [
    [false, request({ padding: 'x'.repeat(70_000), ...flat('username') })],
    [true, request(`\n\n ${JSON.stringify(flat('email'))}\t`)],
    [true, request(`\ufeff${JSON.stringify(flat('email'))}`)],
  ],
  'other content type': ['text/plain', FORM, 'multipart/form-data; boundary=b', 'application/octet-stream', ''].flatMap(
    (type) => [
      [true, request(flat('username'), type)],
      [true, request(form(Object.entries(flat('email'))), type)],
    ],
  ),
  query: [
    [true, request(flat('username'), JSON_TYPE, `?username=${DECOY}&password=${DECOY}`)],
    [true, request({ username: DECOY, password: DECOY }, JSON_TYPE, `?${form(Object.entries(flat('username')))}`)],
    [true, request({ username }, JSON_TYPE, `?${form([['password', password]])}`)],
    [true, request({ password }, JSON_TYPE, `?${form([['email', username]])}`)],
    [true, request(form([['email', username]]), FORM, `?${form([['password', password]])}`)],
    [true, request({}, JSON_TYPE, `?${form(Object.entries(flat('username')))}`)],
    [false, request(flat('email'), JSON_TYPE, `?password=${DECOY}&password=${DECOY}2`)],
  ],
  case: [
    [true, request({ ...flat('username'), Password: DECOY, USERNAME: DECOY, ' password': DECOY })],
    [true, request({ username: username.toUpperCase(), password })],
  ],
  NUL: [
    [true, request({ ...flat('username'), password: `${password}\0${password}` })],
    [true, request({ ...flat('username'), 'password\0': DECOY })],
  ],
  prefix: BLANKS.flatMap((blank) => [
    ['either', request(blank + JSON.stringify(decoyed('username')))],
    ['either', request(blank + JSON.stringify(decoyed('email')), 'text/plain', `?${PAIRS}`)],
    ['either', request(`${blank}password=${password}&email=${username}&username=${username}&password=${DECOY}`, FORM)],
    ['either', request(blank + parts, MULTIPART, `?${PAIRS}`)],
  ]),
  suffix: [...BLANKS, '}', '\n{}', '// x', PAIRS].flatMap((suffix) => [
    ['either', request(JSON.stringify(decoyed('username')) + suffix)],
    ['either', request(`${form(Object.entries(flat('email')))}${suffix}`, FORM)],
    ['either', request(parts + suffix, MULTIPART, `?${PAIRS}`)],
  ]),
  multipart: [
    request(PAIRS + parts, MULTIPART),
    request(`${PAIRS}\r\n${parts}`, MULTIPART),
    request(parts.replace('form-data; name="password"', 'attachment; name="password"'), MULTIPART),
    request(parts.replaceAll('\r\n', '\n'), MULTIPART, `?${PAIRS}`),
    request(parts, 'multipart/mixed; boundary=b', `?${PAIRS}`),
    request(parts, 'multipart/form-data; boundary=a; boundary=b', `?${PAIRS}`),
    request(parts, `${MULTIPART}, ${JSON_TYPE}`, `?${PAIRS}`),
    ...[
      "Content-Disposition: form-data; name*=utf-8''password",
      'Content-Disposition: form-data; name=password',
      'Content-Disposition: form-data; name="pass\\word"',
      'Content-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="password"',
    ].map((header) => request(partly(header), MULTIPART, `?password=${DECOY}`)),
  ].map((login) => ['either', login]),
  split: [
    [false, request({ username: { $eq: username } }, JSON_TYPE, `?${form([['password', password]])}`)],
    [false, request({ username: [DECOY, username, DECOY] }, JSON_TYPE, `?${form([['password', password]])}`)],
    [false, request({ email: [[username]], username }, JSON_TYPE, `?${form([['password', password]])}`)],
    [false, request([flat('username')], JSON_TYPE, `?${PAIRS}`)],
  ],
};

/** Neither the hash nor the moment of the check matters here. */
const COMPARED = ROUTES.filter(({ mode, hash }) => mode === 'lazy' && hash === 'exact');

/** A handler that asks whatever it read. */
interface Seen {
  readonly read: Read;
  readonly verdict: Verdict;
}

function createSpy(checker: LeakChecker): { recorder: Recorder; asked: Credential[]; seen: Seen[] } {
  const asked: Credential[] = [];
  const seen: Seen[] = [];
  const check: LeakChecker['check'] = (credential, options) => {
    asked.push(credential);
    return checker.check(credential, options);
  };
  const recorder: Recorder = {
    checker: { ...checker, check },
    begin: () => ({ isRead: false, user: undefined, verdict: undefined, checks: 0 }),
    handle: async (read, _hash, ask) => void seen.push({ read, verdict: await ask() }),
  };
  return { recorder, asked, seen };
}

/** What a handler can compare: not the text of a missing field. */
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && value !== 'undefined';

const covers = (asked: readonly Credential[], [name, text]: Read): boolean =>
  asked.some(
    ({ username, usernames = [username], password, passwords = [password] }) =>
      passwords.includes(String(text)) && usernames.includes(String(name)),
  );

let world: LoginWorld;
beforeAll(async () => {
  world = await createLoginWorld();
});
afterAll(() => world.close());

describe.each(Object.entries(LOGIN_APPS))('%s', (name, create) => {
  let spy: ReturnType<typeof createSpy>;
  let app: LoginApp;
  beforeAll(async () => {
    spy = createSpy(world.checker);
    app = await create(spy.recorder);
  });
  afterAll(() => app.close());

  test.each(Object.entries(DECOYS))('checks what handlers read beside decoys: %s', async (_kind, logins) => {
    const { asked, seen } = spy;
    for (const [isExact, login] of logins)
      for (const { path, name: route } of COMPARED) {
        asked.length = 0;
        seen.length = 0;
        await app.send(path, login);
        for (const { read, verdict } of seen) {
          if (!read.every(isText)) continue;
          const where = `${route}: ${login.contentType} ${login.body} ${login.query}`;
          const isEither = isExact === 'either' && verdict.action !== 'challenge';
          if (isExact === true || isEither) expect(covers(asked, read), where).toBe(true);
          else expect(verdict.action, where).toBe('challenge');
        }
      }
  });

  test('lets no leaked pair of generated logins through', async () => {
    const tally = await world.fuzz(name, 500, testSeed('generated logins'));
    expect(tally.mistakes).toEqual([]);
    expect(tally.leaked).toBeGreaterThan(10);
    expect(tally.clean).toBeGreaterThan(2);
  });
});
