// Logins in a configuration: what is wrong is told with its line, and what was meant.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { loginWarnings } from '../../../gateway/login/login-warnings.ts';
import { configOf } from '../../support/gateway/gateway.ts';

const config = (login: string, listen = 'listen: ":1"') =>
  `${listen}\napps:\n  a.example:\n    to: http://h\n    login: ${login}\n`;
const faultOf = (login: string, listen?: string) => parseConfig(config(login, listen)).faults[0];

const location = (more: string, when = 'ssl') => `{ locations: [{ name: a, when: ${when}, ${more} }] }`;
const PASSWORD = `password: 'http.request.body.form["p"][0]'`;

describe('a login in the configuration', () => {
  test.each([
    'wordpress',
    '[wordpress, generic]',
    '{ presets: basic }',
    `{ presets: [basic], unreadable: pass }`,
    location(PASSWORD),
  ])('is taken: %s', (login) => {
    expect(parseConfig(config(login)).faults).toEqual([]);
  });

  test.each([
    ['{ preset: [basic] }', 'is not a known key', 'Did you mean "presets"?'],
    ['{ presets: [basic], unreadable: maybe }', 'must be refuse or pass'],
    ['{}', 'must have a preset or a location'],
    ['7', 'must be the name of a preset, a list of them, or an object with presets and locations'],
    [location('username: ssl'), 'is missing; it must be an expression, or a list of them'],
    [location(`${PASSWORD}, pasword: x`), 'is not a known key', 'Did you mean "password"?'],
    [location(PASSWORD, 'http.request.metod eq "POST"'), '(line 1, column 1 of it) There is no field', 'Did you mean'],
    [location(PASSWORD, 'http.host in $offices'), 'There is no list'],
    [location('password: ssl'), 'is a Bool'],
    [location('password: http.request.body.raw'), 'No credential is read from here.', 'Write http.request.body.form'],
    [location(`password: 'http.request.body.form["p"]'`), 'is an Array<Bytes>'],
    [location(`password: 'http.request.body.form["p"][0] eq "x"'`), 'A field is expected here'],
    [location(`password: 'any(http.request.body.form["p"][*] == "x")'`), 'is a Bool'],
  ])('is refused with its line: %s', (login, message, hint = '') => {
    const fault = faultOf(login);
    expect(fault?.line).toBe(5);
    expect(fault?.message).toContain(message);
    expect(fault?.hint ?? '').toContain(hint);
  });

  test('names a preset that was presumably meant', () => {
    for (const login of ['wordpres', '[wordpres]', '{ presets: [wordpres] }'])
      expect(faultOf(login)).toMatchObject({ message: 'names no preset', hint: 'Did you mean wordpress?' });
    expect(faultOf('nothing-alike')?.hint).toMatch(/^Presets are basic, .*wordpress\.$/);
  });

  test('does not deny what it lets pass unchecked', () => {
    const leaks = 'listen: ":1"\nleaks: { url: "http://s", keyFile: f }';
    const fault = faultOf('{ presets: [basic], onUnknown: deny, unknownChecks: 0 }', leaks);
    expect(fault).toMatchObject({
      key: 'apps.a.example.login.unknownChecks',
      message: expect.stringContaining('is 0'),
    });
  });

  test('needs bodies, which a proxy that asks does not send', () => {
    const fault = faultOf('basic', 'forwardAuth: { listen: ":1", proxy: nginx }');
    expect(fault).toMatchObject({ key: 'apps.a.example.login', message: expect.stringContaining('needs the body') });
  });

  test('is warned of at start', () => {
    expect(loginWarnings(configOf(config('{ presets: [generic], unreadable: pass }')))).toEqual([
      expect.objectContaining({ event: 'login-preset-untried', app: 'a.example', preset: 'generic' }),
      expect.objectContaining({ event: 'login-passes-unread', app: 'a.example' }),
    ]);
  });

  test('is warned of where nothing says what its outcome is', () => {
    const own = (name: string, more = '') =>
      `{ name: ${name}, when: 'http.request.uri.path == "/${name}"', password: 'http.request.body.form["key"][0]'${more} }`;
    const told = own('told', ", failure: 'http.response.code == 401'");
    expect(loginWarnings(configOf(config(`{ locations: [${own('guessed')}, ${told}] }`)))).toEqual([
      expect.objectContaining({ event: 'login-outcome-guessed', app: 'a.example', login: 'guessed' }),
    ]);
  });
});
