// loginLimits in a configuration: presets, objects, and mistakes at their places.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

const parse = (limits: unknown, more = '') =>
  parseConfig(
    `listen: 127.0.0.1:0\napps:\n  a.example:\n    to: "http://127.0.0.1:1"\n    login: generic\n    loginLimits: ${JSON.stringify(limits)}\n${more}`,
  );
const limitsIn = (limits: unknown) => parse(limits).config?.apps['a.example']?.loginLimits;
const faultsIn = (limits: unknown, more?: string) =>
  parse(limits, more).faults.map(({ key, message }) => `${key} ${message}`);
const own = { name: 'own', by: ['address'], allow: 3, window: '1m', for: '1h' };

describe('presets', () => {
  test('failures is 5 in a minute, then an hour, by address and by username', () => {
    const [address, username, unknown, ...more] = limitsIn('failures') ?? [];
    expect(address).toMatchObject({ by: ['address'], allow: 5, windowMs: 60_000, banMs: 3_600_000, actOn: 'logins' });
    const count = 'credveil.login.outcome ne "success"';
    expect(username).toEqual({ ...address, name: 'failures-username', by: ['username'], count });
    expect(unknown).toMatchObject({
      by: ['address'],
      allow: 20,
      windowMs: 60_000,
      count: expect.stringContaining('unknown'),
    });
    expect(more).toEqual([]);
  });

  test('ladder has three rungs, the last of which acts on everything', () => {
    const rungs = (limitsIn(['ladder']) ?? []).map(({ allow, windowMs, banMs, actOn }) => [
      allow,
      windowMs / 60_000,
      banMs / 60_000,
      actOn,
    ]);
    expect(rungs).toEqual([
      [4, 1, 1, 'logins'],
      [10, 10, 10, 'logins'],
      [20, 60, 1440, 'everything'],
    ]);
  });

  test('can be changed, and stand beside limits of the operator', () => {
    const limits = limitsIn([
      { preset: 'failures', mode: 'consecutive', for: '5m', answer: { unlockUrl: '/lost' } },
      own,
    ]);
    expect(limits?.map(({ name, mode, banMs }) => [name, mode, banMs])).toEqual([
      ['failures-address', 'consecutive', 300_000],
      ['failures-username', 'consecutive', 300_000],
      ['failures-unknown', 'consecutive', 300_000],
      ['own', 'any', 3_600_000],
    ]);
  });
});

describe('mistakes', () => {
  test.each<[unknown, RegExp]>([
    ['many', /must be a preset, or a list/],
    [[{ ...own, allow: 0 }], /allow must be a whole number from 1 to 1000/],
    [[{ ...own, window: '2d' }], /window must be a duration from 1s to 1d/],
    [[{ ...own, by: [] }], /by must have a value/],
    [[{ ...own, by: ['ip'] }], /by.0 must be address, username/],
    [[{ ...own, by: ['address', 'address'] }], /has a value twice/],
    [[{ ...own, answer: { status: 500 } }], /status from 400 to 499/],
    [[{ ...own, answer: { json: '{' } }], /must be JSON/],
    [[{ ...own, answer: { unlockUrl: '//evil.example' } }], /unlockUrl must be a URL/],
    [[{ ...own, answer: { unlockUrl: 'javascript:alert(1)' } }], /unlockUrl must be a URL/],
    [[own, own], /^apps.a.example.loginLimits.1 is a second limit with the name own$/],
    [['failures', 'failures'], /^apps.a.example.loginLimits.1 is a second limit with the name failures-address$/m],
    [[{ ...own, by: 'username' }], /^apps.a.example.loginLimits.0.by must be a list, such as \[username\]$/],
    [[own, { ...own, name: 'b', count: 'credveil.login.outcome eq "failed"' }], /loginLimits.1 \(limit b, .* is never/],
    [
      [{ ...own, count: 'http.response.code in' }],
      /loginLimits\.0 \(limit own, line 1, column \d+ of its expression\)/,
    ],
    [[{ ...own, count: 'http.request.body.raw contains "x"' }], /limit own/],
    [[{ ...own, actOn: 'http.response.code eq 200' }], /limit own/],
    [[{ ...own, actOn: 'everything', by: ['username'] }], /which only logins have/],
    [[{ ...own, actOn: 'everything', by: ['address', 'field:org'] }], /by a field .*which only logins have/],
    [[{ ...own, by: ['field:'] }], /by.0 must be address, username, header:NAME, cookie:NAME or field:NAME/],
    [[{ ...own, by: ['field:password'] }], /counts by a field that has the password \(own\)/],
    [[{ ...own, by: ['address', 'field:user[Password]'] }], /counts by a field that has the password \(own\)/],
  ])('%j', (limits, message) => {
    expect(faultsIn(limits).join('\n')).toMatch(message);
  });

  test('names the place of the forward-auth mode, which shows no outcomes', () => {
    expect(faultsIn('failures', 'forwardAuth: { listen: "127.0.0.1:0", proxy: nginx }\n')).toContainEqual(
      expect.stringMatching(/^apps.a.example.loginLimits counts outcomes of logins, which a proxy that asks/),
    );
  });

  test('a count may read the request, the outcome and the response', () => {
    const count =
      'http.response.code in {401 403} and http.request.method eq "POST" and credveil.login.outcome ne "unknown"';
    expect(faultsIn([{ ...own, count, actOn: 'http.request.uri.path eq "/login"' }])).toEqual([]);
  });
});
