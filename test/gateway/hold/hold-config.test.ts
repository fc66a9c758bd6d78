// Holding back is refused where it would hold nothing.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

interface Keys {
  readonly login?: string;
  readonly onUnknown?: string;
  readonly hold?: string | undefined;
  readonly more?: string;
  readonly apps?: string;
  readonly name?: string;
}

const WHOAMI = `whoami: { path: /me, after: '<b>', before: '</b>' }`;
const LOCATION = `locations: [{ name: main, when: 'http.request.uri.path == "/login"', password: 'http.request.body.form["p"][0]' }]`;
const IDENTITY =
  'auth: auth.example\nidentity: { mail: { pin: { smtp: "smtp://127.0.0.1", from: a@example.com, to: ["@example.com"] } } }\n';
const LEAKS = 'leaks: { url: "http://127.0.0.1:1", keyFile: key }\n';

function faultsOf({
  login = LOCATION,
  onUnknown = 'deny',
  hold = `sessions: [sid], ${WHOAMI}`,
  more = IDENTITY + LEAKS,
  apps = '',
  name = 'app.example',
}: Keys): string[] {
  const text = `listen: 127.0.0.1:0\n${more}apps:\n  ${name}: { to: "http://127.0.0.1:2", login: { ${login}, onUnknown: ${onUnknown}, onLeaked: { pair: [hold] }, hold: { ${hold} } } }\n${apps}`;
  return parseConfig(text).faults.map(({ key, message }) => `${key} ${message}`);
}

test('holding back is accepted with sessions and a page that names who is signed in', () => {
  expect(faultsOf({})).toEqual([]);
});

test('hosts of a name with a star are listed', () => {
  const hold = `sessions: [sid], ${WHOAMI}, hosts: [a.example]`;
  for (const name of ['"*"', '"*.example"']) expect(faultsOf({ name, hold })).toEqual([]);
});

test('a preset whose cookies name the user needs neither', () => {
  expect(faultsOf({ login: 'presets: [wordpress]', hold: '' })).toEqual([]);
});

test.each<[string, Keys, string]>([
  ['without cookies of sessions', { hold: WHOAMI }, 'hold.sessions is missing'],
  ['where nobody tells who is signed in', { hold: 'sessions: [sid]' }, 'hold.whoami is missing'],
  [
    'where one login has a preset and another has none',
    { login: `presets: [wordpress], ${LOCATION}`, hold: '' },
    'hold.whoami is missing',
  ],
  [
    'where a cookie pattern would be every cookie',
    { hold: `sessions: ['_*'], ${WHOAMI}` },
    'must be the name of a cookie',
  ],
  [
    'where a password has to be changed and nobody knows where',
    { hold: `sessions: [sid], ${WHOAMI}, mustChange: 1d` },
    'hold.mustChange has no effect',
  ],
  [
    'where a login waits that is none',
    { hold: `sessions: [sid], ${WHOAMI}, wait: [mian]` },
    'hold.wait.0 is the name of no location',
  ],
  [
    'where a credential waits that acts at once',
    {
      login: LOCATION.replace('}]', ', beginsSession: false }]'),
      hold: `sessions: [sid], ${WHOAMI}, wait: [main]`,
    },
    'hold.wait.0 is a location whose credential acts at once',
  ],
  ['without the leak service', { more: IDENTITY }, 'needs leaks'],
  ["without the gateway's own pages", { more: LEAKS }, 'needs auth and identity'],
  ['where unreadable logins pass', { login: `${LOCATION}, unreadable: pass` }, 'lets logins through'],
  ['where unchecked logins pass', { onUnknown: 'allow' }, 'onUnknown lets logins through'],
  ['where unproven logins pass', { login: `${LOCATION}, unknownChecks: 0` }, 'lets logins pass'],
  ['at any host', { name: '"*"' }, 'needs hosts: whoever owns another host'],
  ['at any host of a domain', { name: '"*.example"' }, 'needs hosts: whoever owns another host'],
  [
    'at a host of another application',
    { name: '"*.example"', hold: `sessions: [sid], ${WHOAMI}, hosts: [a.example.org]` },
    'is no host of this application',
  ],
  ...['127.0.0.1:2', '127.0.0.1:2/', 'localhost:2', '127.0.0.1:02', '0x7f000001:2', '[::1]:2'].map(
    (to): [string, Keys, string] => [
      `with another door at ${to}`,
      { apps: `  other.example: { to: "http://${to}" }\n` },
      'is another door to the application of app.example',
    ],
  ),
])('is refused %s', (_, keys, message) => {
  expect(faultsOf(keys).join('\n')).toContain(message);
});

test('the action needs its key', () => {
  const app = `app.example: { to: "http://127.0.0.1:2", login: { ${LOCATION}, onLeaked: { pair: hold } } }`;
  const { faults } = parseConfig(`listen: 127.0.0.1:0\n${LEAKS}${IDENTITY}apps:\n  ${app}\n`);
  expect(faults.map(({ message }) => message)).toEqual(['has hold, and login has no key hold']);
});
