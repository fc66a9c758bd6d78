// What no single key of a configuration shows: two keys that contradict each other.

import { parseHostPort } from '../../runtime/config/host-port.ts';
import { PRESETS } from '../login/preset.ts';
import { isObject } from './compare.ts';
import type { Conflict, Path } from './fault.ts';
import { parseListen } from './listen.ts';
import type { AppConfig, GatewayConfig } from './schema.ts';

/**
 * Applications without a target, which only proxies that ask need not have. Also of what the schema
 * refuses, so that it is told with the other mistakes.
 */
export function missingTargets(apps: unknown): Conflict[] {
  if (!isObject(apps)) return [];
  return Object.entries(apps)
    .filter(([, app]) => isObject(app) && app.to === undefined)
    .map(([name]) => ({ path: ['apps', name, 'to'], message: 'is missing; it must be a URL' }));
}

/** The name that every object has: what stands below it would be lost. */
const IMPOSSIBLE = '__proto__';

export function impossibleNames(value: unknown): Conflict[] {
  const found: Conflict[] = [];
  const seen = new Set<unknown>();
  const left: { readonly value: unknown; readonly path: Path }[] = [{ value, path: [] }];
  for (let next = left.pop(); next; next = left.pop()) {
    const { value: current, path } = next;
    if (typeof current !== 'object' || current === null || seen.has(current)) continue;
    seen.add(current);
    for (const [key, below] of Object.entries(current)) {
      if (key === IMPOSSIBLE) found.push({ path: [...path, key], message: 'is no possible name' });
      else left.push({ value: below, path: [...path, Array.isArray(current) ? Number(key) : key] });
    }
  }
  return found;
}

export function conflictsIn(config: GatewayConfig): Conflict[] {
  const { apps, auth } = config;
  const conflicts: Conflict[] = [];
  const hasTls = config.tls !== undefined || Object.values(apps).some(({ tls }) => tls !== undefined);
  config.listen.forEach(({ protocol }, i) => {
    if (!hasTls && (protocol === 'https' || protocol === 'redirect'))
      conflicts.push({
        path: ['listen', i],
        message: 'needs a certificate',
        hint: 'Add tls with certFile and keyFile.',
      });
  });
  if (config.listen.length === 0 && !config.forwardAuth)
    conflicts.push({ path: ['listen'], message: 'is missing; it must be HOST:PORT, or a list of them' });
  const names = new Set<string>();
  if (config.listen.length > 0) conflicts.push(...missingTargets(apps));
  for (const [name, { upstream, login }] of Object.entries(apps)) {
    if (login && config.listen.length === 0)
      conflicts.push({
        path: ['apps', name, 'login'],
        message: 'needs the body of requests, which a proxy that asks (forwardAuth) does not send',
        hint: 'Let the gateway itself stand before the application: set listen.',
      });
    const plain = name.endsWith('/') ? name.slice(0, -1) : name;
    if (names.has(plain))
      conflicts.push({ path: ['apps', name], message: 'names the same place as another application' });
    names.add(plain);
    if (auth !== undefined && plain.split('/')[0] === auth.replace(/:\d+$/, ''))
      conflicts.push({ path: ['apps', name], message: "has the host of the gateway's own pages (auth)" });
    if ((upstream.certFile === undefined) !== (upstream.keyFile === undefined))
      conflicts.push({ path: ['apps', name, 'upstream'], message: 'needs certFile and keyFile together' });
  }
  return [
    ...conflicts,
    ...sharedHosts(apps),
    ...tlsOfHosts(apps),
    ...unreachable(config),
    ...loops(config),
    ...sharedAddresses(config),
    ...leakConflicts(config),
    ...checkConflicts(config),
  ];
}

/** What identifies the dataset, and roles that the suite `hmac` does not have. */
function leakConflicts({ leaks }: GatewayConfig): Conflict[] {
  if (!leaks) return [];
  const { trust, keyFile, bucketsUrl, evaluators } = leaks;
  const conflicts: Conflict[] = [];
  if (trust === undefined && keyFile === undefined)
    conflicts.push({
      path: ['leaks'],
      message: 'needs keyFile or trust',
      hint: 'Write what `credveil key pin DATASET` prints: a secret line to a file, a trust line here.',
    });
  if (keyFile !== undefined && (bucketsUrl !== undefined || evaluators !== undefined))
    conflicts.push({
      path: ['leaks', 'keyFile'],
      message: 'stands beside bucketsUrl or evaluators, which are for the suite oprf',
      hint: 'Remove them, or replace keyFile by trust.',
    });
  if (bucketsUrl !== undefined && evaluators !== undefined)
    conflicts.push({ path: ['leaks', 'bucketsUrl'], message: 'stands beside evaluators, and both split the roles' });
  return conflicts;
}

/** What an application does about a finding needs somebody who finds, hears, or leads on. */
function checkConflicts({ apps, leaks, notify }: GatewayConfig): Conflict[] {
  return Object.entries(apps).flatMap(([name, { login }]): Conflict[] => {
    if (!login) return [];
    const path = ['apps', name, 'login'];
    const actions = new Set(Object.values(login.onLeaked).flat());
    const leadNowhere = [
      // Nobody is at a page who logs in without beginning a session.
      ...login.locations.filter((each) => each.changePassword === undefined && each.beginsSession !== false),
      ...login.presets
        .filter((preset) => PRESETS.get(preset)?.changePassword === undefined)
        .map((preset) => ({ name: preset })),
    ].map((each) => each.name);
    return [
      ...(!leaks &&
      (login.header === 'before' || login.onUnknown === 'deny' || actions.has('notify') || actions.has('redirect'))
        ? [{ path, message: 'needs leaks, the service that knows which credentials leaked' }]
        : []),
      ...(login.onUnknown === 'deny' && login.unknownChecks === 0
        ? [
            {
              path: [...path, 'unknownChecks'],
              message: 'is 0, which lets logins pass unchecked, and onUnknown: deny refuses these',
              hint: 'Remove one of both.',
            },
          ]
        : []),
      ...(actions.has('notify') && notify.length === 0
        ? [
            {
              path: [...path, 'onLeaked'],
              message: 'has notify, and nobody is notified',
              hint: 'Name sinks in notify.',
            },
          ]
        : []),
      ...(actions.has('redirect') && leadNowhere.length > 0
        ? [
            {
              path: [...path, 'onLeaked'],
              message: `has redirect, and a login has no page for a new password: ${leadNowhere.join(', ')}`,
              hint: 'Give each location its changePassword, or those of programs beginsSession: false.',
            },
          ]
        : []),
    ];
  });
}

/** One host is one origin to a browser: what may run in one application may do all in the other. */
function sharedHosts(apps: GatewayConfig['apps']): Conflict[] {
  const byHost = Map.groupBy(Object.entries(apps), ([name]) => name.split('/')[0]);
  return [...byHost.values()].flatMap((group) => {
    const keys = differingKeys(group.map(([, app]) => app));
    if (keys.length === 0) return [];
    return group
      .filter(([, { sameOriginTrust }]) => !sameOriginTrust)
      .map(([name]) => ({
        path: ['apps', name],
        message: `shares its host with an application whose ${keys.join(' and ')} differ, and whose scripts may act for its users`,
        hint: 'Give it a host of its own, or set sameOriginTrust: true in each application of the host.',
      }));
  });
}

/** All keys of applications but where they are. */
function differingKeys(apps: readonly AppConfig[]): string[] {
  const policies = apps.map(({ to, upstream, ...policy }): { readonly [key: string]: unknown } => policy);
  const keys = new Set(policies.flatMap((policy) => Object.keys(policy)));
  return [...keys].filter((key) => new Set(policies.map((policy) => JSON.stringify(policy[key]))).size > 1);
}

/** An application without a certificate, where every address wants one. */
function unreachable({ listen, tls, apps, forwardAuth }: GatewayConfig): Conflict[] {
  const withTls = Object.values(apps).some((app) => app.tls);
  const isSecure = listen.length > 0 && listen.every(({ protocol = 'https' }) => protocol !== 'http');
  if (tls || !withTls || !isSecure || forwardAuth) return [];
  return Object.entries(apps)
    .filter(([, app]) => !app.tls)
    .map(([name]) => ({
      path: ['apps', name],
      message: 'has no certificate, and every address of listen is for HTTPS: nobody can reach it',
      hint: 'Give it tls, add tls at the top level, or listen on an address with protocol: http.',
    }));
}

/** An application that is the gateway itself: each request would come again and again. */
function loops({ listen, apps }: GatewayConfig): Conflict[] {
  const own = listen.map(({ address }) => parseListen(address)).filter(({ port }) => port !== 0);
  return Object.entries(apps)
    .filter(([, { to }]) => to !== undefined && own.some((address) => isAt(new URL(to), address)))
    .map(([name]) => ({
      path: ['apps', name, 'to'],
      message: 'is an address of listen: requests would come back to the gateway',
      hint: 'Name the port of the application, or listen on another one.',
    }));
}

const LOCAL = '127.0.0.1';
const ANY: ReadonlySet<string> = new Set(['', '::', '0.0.0.0']);
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

function isAt({ protocol, hostname, port }: URL, listening: { readonly host: string; readonly port: number }): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (Number(port || (protocol === 'https:' ? 443 : 80)) !== listening.port) return false;
  return host === listening.host || ANY.has(host) || (LOOPBACK.has(host) && ANY.has(listening.host));
}

/** Addresses that cannot be had at once. `page` and `metrics` without a host are of loopback. */
function sharedAddresses({ listen, forwardAuth, metrics, admin }: GatewayConfig): Conflict[] {
  const page = typeof admin === 'object' ? admin.page : undefined;
  const all = [
    ...listen.map(({ address }, i) => ({ path: ['listen', i], name: 'listen', ...parseListen(address) })),
    ...(forwardAuth
      ? [{ path: ['forwardAuth', 'listen'], name: 'forwardAuth', ...parseListen(forwardAuth.listen) }]
      : []),
    ...(metrics === 'off' ? [] : [{ path: ['metrics'], name: 'metrics', ...parseHostPort(metrics, LOCAL) }]),
    ...(page === undefined ? [] : [{ path: ['admin', 'page'], name: 'admin', ...parseHostPort(page, LOCAL) }]),
  ];
  return all.flatMap(({ path, host, port }, i) => {
    const other = all.slice(0, i).find((each) => port !== 0 && each.port === port && isShared(each.host, host));
    return other
      ? [{ path, message: `is also an address of ${other.name}`, hint: 'Give each a port of its own.' }]
      : [];
  });
}

const isShared = (a: string, b: string): boolean => a === b || isEvery(a, b) || isEvery(b, a);
const isEvery = (every: string, host: string): boolean =>
  every === '::' || every === '' || (every === '0.0.0.0' && !host.includes(':'));

/** TLS comes before the path, so that a host has one way to secure it. */
function tlsOfHosts(apps: GatewayConfig['apps']): Conflict[] {
  const byHost = Map.groupBy(Object.entries(apps), ([name]) => name.split('/')[0]);
  return [...byHost.values()]
    .filter((group) => new Set(group.map(([, { tls }]) => JSON.stringify(tls))).size > 1)
    .flatMap((group) =>
      group.map(([name]) => ({ path: ['apps', name], message: 'has other tls than the same host elsewhere' })),
    );
}
