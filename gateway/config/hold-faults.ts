// Logins that a configuration wants to hold back, and could not hold.

import { isOfBrowser } from '../login/attempt.ts';
import { PRESETS } from '../login/preset.ts';
import { parseReference } from '../login/reference.ts';
import type { Conflict } from './fault.ts';
import { isCovered } from './identity-faults.ts';
import type { AppConfig, GatewayConfig } from './schema.ts';

export const holdFaults = (config: GatewayConfig): Conflict[] =>
  Object.entries(config.apps).flatMap(([name, app]) => ofApp(name, app, config));

type Login = NonNullable<AppConfig['login']>;

function ofApp(name: string, { login, to }: AppConfig, config: GatewayConfig): Conflict[] {
  if (!login) return [];
  const { hold, onLeaked } = login;
  const path = ['apps', name, 'login'];
  const holds = Object.values(onLeaked).some((actions) => actions.includes('hold'));
  if (!hold && !holds) return [];
  if (!hold)
    return [
      {
        path: [...path, 'onLeaked'],
        message: 'has hold, and login has no key hold',
        hint: 'Name the cookies of sessions, and who tells users apart: docs/gateway-hold.md.',
      },
    ];
  const conflicts: Conflict[] = [];
  const fault = (keys: readonly string[], message: string, hint?: string): void => {
    conflicts.push({ path: [...path, ...keys], message, ...(hint !== undefined && { hint }) });
  };
  if (!holds) fault(['hold'], 'has no effect: onLeaked names hold nowhere', 'Set onLeaked: { pair: [hold] }.');
  if (!config.leaks) fault(['hold'], 'needs leaks, the service that knows which credentials leaked');
  if (Object.keys(config.identity).length === 0)
    fault(['hold'], "needs auth and identity: its pages are on the gateway's own host");
  if (config.forwardAuth) fault(['hold'], 'needs listen alone: a proxy that asks (forwardAuth) shows no responses');
  if (!hasSessions(login))
    fault(['hold', 'sessions'], 'is missing: no preset names the cookies of sessions', 'Name all of them.');
  if (hold.whoami.length === 0 && !namesUsers(login))
    fault(
      ['hold', 'whoami'],
      'is missing: no cookie names the user of a session',
      'Name a page that shows who is signed in, and what stands before and behind the name.',
    );
  if (hold.mustChange !== undefined && !hasChangePage(login))
    fault(['hold', 'mustChange'], 'has no effect: no location or preset has changePassword');
  for (const [i, place] of hold.wait.entries()) {
    const problem = waitFault(place, login);
    if (problem !== undefined) fault(['hold', 'wait', String(i)], problem);
  }
  const [pattern = ''] = name.split('/');
  if (pattern.startsWith('*') && !hold.hosts)
    fault(
      ['hold'],
      'needs hosts: whoever owns another host that the name covers would get logins that others confirm',
      'List the hosts where people log in, such as hosts: [a.example.com].',
    );
  for (const [i, host] of (hold.hosts ?? []).entries())
    if (!isCovered(host, pattern)) fault(['hold', 'hosts', String(i)], 'is no host of this application');
  if (login.unreadable === 'pass') fault(['unreadable'], 'lets logins through that could not be held');
  if (login.unknownChecks === 0) fault(['unknownChecks'], 'is 0, which lets logins pass that could not be held');
  if (login.onUnknown === 'allow')
    fault(['onUnknown'], 'lets logins through that could not be checked, and so not held', 'Set onUnknown: deny.');
  for (const [other, { to: theirs, login: same }] of Object.entries(config.apps))
    if (other !== name && to !== undefined && theirs !== undefined && isSamePlace(theirs, to) && !same?.hold)
      conflicts.push({
        path: ['apps', other],
        message: `is another door to the application of ${name}, whose logins are held back`,
        hint: 'Give both the same login, or another application to this one.',
      });
  return conflicts;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** However they are written: what is a URL was checked. */
function isSamePlace(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  const isHere = [a, b].every(({ hostname }) => LOOPBACK.test(hostname));
  return a.origin === b.origin || (isHere && a.protocol === b.protocol && a.port === b.port);
}

const hasSessions = ({ presets, sessionCookies, hold }: Login): boolean =>
  [...presets.flatMap((each) => PRESETS.get(each)?.sessionCookies ?? []), ...sessionCookies, ...(hold?.sessions ?? [])]
    .length > 0;

/** Nothing that acts at once is sent before it is checked. */
function waitFault(place: string, { locations, presets }: Login): string | undefined {
  const own = locations.find(({ name }) => name === place);
  const ofPresets = presets.flatMap((each) => PRESETS.get(each)?.logins ?? []).find(({ name }) => name === place);
  const found = own ?? ofPresets;
  if (!found) return 'is the name of no location';
  const { password, beginsSession = true } = found;
  const isOfForm = [password]
    .flat()
    .map(parseReference)
    .every((each) => isOfBrowser({ passwords: [each] }));
  return beginsSession && isOfForm ? undefined : 'is a location whose credential acts at once: it is refused';
}

const hasChangePage = ({ presets, locations }: Login): boolean =>
  presets.some((each) => PRESETS.get(each)?.changePassword !== undefined) ||
  locations.some(({ changePassword }) => changePassword !== undefined);

/** Only where every session has a cookie with its user; one of the operator's own has none. */
const namesUsers = ({ presets, locations, sessionCookies, hold }: Login): boolean =>
  presets.every((each) => PRESETS.get(each)?.sessionUser !== undefined) &&
  [...locations, ...sessionCookies, ...(hold?.sessions ?? [])].length === 0;
