// What a configuration has that is allowed, and hardly meant.

import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ServerEvent } from '../runtime/events.ts';
import { readPem } from '../runtime/tls.ts';
import { parseListen } from './config/listen.ts';
import type { GatewayConfig } from './config/schema.ts';
import { hostsByProfile, isFor, sharedCertificates } from './connection/shared-certificates.ts';
import { profilesOf } from './connection/tls-profiles.ts';
import { accessWarnings } from './identity/access/access-warnings.ts';
import { loginWarnings } from './login/login-warnings.ts';
import type { RuleConfig } from './phases/rules/rule-config.ts';

type Warning = Extract<ServerEvent, { readonly event: 'config-warning' }>;

/** @throws ServerError `TLS_FILE_UNREADABLE` */
export const warningsOf = (config: GatewayConfig): readonly ServerEvent[] => [
  ...sharedCertificates(config),
  ...loginWarnings(config),
  ...accessWarnings(config),
  ...unnamedHosts(config),
  ...unheardPorts(config),
  ...repeatedNames(config),
  ...sharedFolder(config),
  ...unwritableFolder(config),
  ...runsAsRoot(config),
];

const warning = (code: string, message: string, hint: string): Warning => ({
  event: 'config-warning',
  ...{ code, message, hint },
});

function unnamedHosts(config: GatewayConfig): Warning[] {
  const profiles = profilesOf(config);
  return [...hostsByProfile(config)].flatMap(([host, profile]) => {
    const { certFile } = profiles.get(profile) ?? {};
    if (certFile === undefined) return [];
    if (isFor(new X509Certificate(readPem(certFile)), host)) return [];
    return [
      warning(
        'TLS_NAME_MISSING',
        `the certificate in ${certFile} does not name ${host}`,
        'Browsers refuse it there: get a certificate with this name, or give the application tls of its own.',
      ),
    ];
  });
}

const HTTPS_PORT = 443;

/** Browsers are sent to `auth`, and to the port of it. */
function unheardPorts({ auth, listen, tls, trustedProxies }: GatewayConfig): Warning[] {
  if (auth === undefined || !tls || trustedProxies.length > 0) return [];
  const port = Number(/:(\d+)$/.exec(auth)?.[1] ?? HTTPS_PORT);
  const ports = listen
    .filter(({ protocol }) => protocol !== 'redirect')
    .map(({ address }) => parseListen(address).port);
  if (ports.includes(port) || ports.includes(0)) return [];
  const [first = HTTPS_PORT] = ports;
  return [
    warning(
      'AUTH_PORT',
      `browsers are sent to port ${port} of auth, and the gateway listens on ${ports.join(', ')}`,
      `Write auth: ${auth.replace(/:\d+$/, '')}:${first}, unless something passes port ${port} on to it.`,
    ),
  ];
}

/** Events and metrics tell rules by their names. */
function repeatedNames({ rules, apps }: GatewayConfig): Warning[] {
  const shared = repeatedIn(rules);
  const own = Object.entries(apps).flatMap(([app, { rules: inner }]) =>
    repeatedIn([...rules, ...inner])
      .filter((name) => !shared.includes(name))
      .map((name) => [name, `apps.${app}`] as const),
  );
  return [...shared.map((name) => [name, 'rules'] as const), ...own].map(([name, place]) =>
    warning(
      'RULE_NAME_REPEATED',
      `two rules of ${place} have the name ${name}`,
      'Give each its own: events and metrics cannot tell them apart.',
    ),
  );
}

function repeatedIn(rules: readonly RuleConfig[]): string[] {
  const names = rules.flatMap(({ name }) => name ?? []);
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
}

/** Below it, a port needs a right that root has. */
const FIRST_FREE_PORT = 1024;

function runsAsRoot({ listen }: GatewayConfig): Warning[] {
  const isLow = listen.some(({ address }) => {
    const { port } = parseListen(address);
    return port > 0 && port < FIRST_FREE_PORT;
  });
  if (process.getuid?.() !== 0 || !isLow) return [];
  return [
    warning(
      'RUNS_AS_ROOT',
      'the gateway runs as root, of whose rights it needs the low port alone',
      'Run it as a user with the capability CAP_NET_BIND_SERVICE, as deploy/credveil-gateway.service does.',
    ),
  ];
}

/** It is created with the first thing that is kept there, in the next folder that there is. */
function unwritableFolder({ stateDirectory }: GatewayConfig): Warning[] {
  if (stateDirectory === undefined) return [];
  let folder = path.resolve(stateDirectory);
  while (!fs.existsSync(folder) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  if (isWritable(folder)) return [];
  return [
    warning(
      'STATE_DIRECTORY_UNWRITABLE',
      `this user cannot write to ${folder}, so that nothing is kept in stateDirectory`,
      'Let the user of the gateway write there, or name another folder.',
    ),
  ];
}

function isWritable(folder: string): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return fs.statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

const WRITABLE_BY_OTHERS = 0o022;

/** Who writes there decides which lists are in force. */
function sharedFolder({ stateDirectory }: GatewayConfig): Warning[] {
  const user = process.getuid?.();
  const stat = stateDirectory === undefined ? undefined : fs.statSync(stateDirectory, { throwIfNoEntry: false });
  if (!stat || user === undefined) return [];
  if ((stat.mode & WRITABLE_BY_OTHERS) === 0 && (stat.uid === user || stat.uid === 0)) return [];
  return [
    warning(
      'STATE_DIRECTORY_SHARED',
      `other users may write ${stateDirectory}, and decide there what lists hold`,
      'Make it a folder of the user of the gateway alone: chown it, and chmod 700.',
    ),
  ];
}
