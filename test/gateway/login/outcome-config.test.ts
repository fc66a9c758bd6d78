// Expressions of outcomes and sessions in a configuration, and what is told of wrong ones.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

const configOf = (login: object): string =>
  JSON.stringify({ listen: '127.0.0.1:0', apps: { 'a.example': { to: 'http://127.0.0.1:1', login } } });
const location = {
  name: 'own',
  when: 'http.request.uri.path == "/in"',
  password: 'http.request.body.form["key"][0]',
};

test.each([
  ['locations.0.success', { locations: [{ ...location, success: 'http.response.cod == 200' }] }, 'http.response.code'],
  ['locations.0.failure', { locations: [{ ...location, failure: 'http.response.code == "x"' }] }, ''],
  [
    'mayBeginSession',
    { presets: ['wordpress'], mayBeginSession: 'http.request.uri.pat == "/x"' },
    'http.request.uri.path',
  ],
  ['mayBeginSession', { presets: ['wordpress'], mayBeginSession: 'http.response.code == 200' }, ''],
])('a wrong expression in %s is named', (place, login, meant) => {
  const { config, faults } = parseConfig(configOf(login));
  expect(config).toBeUndefined();
  expect(faults).toMatchObject([{ key: `apps.a.example.login.${place}` }]);
  expect(JSON.stringify(faults)).toContain(meant);
});

test('right ones load', () => {
  const login = {
    presets: ['wordpress'],
    locations: [{ ...location, success: 'http.response.code == 200', failure: 'http.response.code == 401' }],
    mayBeginSession: 'http.request.uri.path == "/social"',
  };
  expect(parseConfig(configOf(login)).faults).toEqual([]);
});
