// Sign-ins that the configuration asks for and cannot have.

import { nearest } from '../../runtime/config/nearest.ts';
import type { Conflict } from './fault.ts';
import { parseListen } from './listen.ts';
import type { GatewayConfig } from './schema.ts';
import { isSecured } from './secured.ts';

const LOOPBACK = /^(?:127\.[\d.]+|::1|localhost)$/;

export const identityFaults = (config: GatewayConfig): Conflict[] => [...ofPages(config), ...ofApps(config)];

/** The gateway's own pages, where people sign in. */
function ofPages(config: GatewayConfig): Conflict[] {
  const { auth, identity, listen, tls, apps, forwardAuth } = config;
  if (Object.keys(identity).length === 0) return [];

  const path = ['identity'];
  const conflicts: Conflict[] = [];
  if (auth === undefined)
    conflicts.push({
      path,
      message: "needs auth, the host of the gateway's own pages",
      hint: 'Give the gateway a host of its own, such as auth: auth.example.com.',
    });
  // Without both, the schema says so.
  if (forwardAuth)
    conflicts.push({
      path,
      message: 'needs listen alone: a proxy that asks (forwardAuth) signs nobody in',
      hint: 'Let the gateway itself stand before the applications.',
    });
  if (!isSecured(config) && listen.some(({ address }) => !LOOPBACK.test(parseListen(address).host)))
    conflicts.push({
      path,
      message: 'needs TLS: sessions would travel in clear text',
      hint: 'Add tls with certFile and keyFile, or name the proxy that ends TLS in trustedProxies.',
    });
  if (!tls && Object.values(apps).some((app) => app.tls))
    conflicts.push({
      path: ['auth'],
      message: 'has no certificate',
      hint: 'Add tls at the top level, with a certificate of this host.',
    });
  return [...conflicts, ...ofDrift(config)];
}

function ofDrift({ sessions, geo, tls }: GatewayConfig): Conflict[] {
  if (sessions.drift === 'off') return [];
  const path = ['sessions', 'drift'];
  if (geo?.asnFile === undefined)
    return [
      {
        path,
        message: 'needs geo.asnFile, by which networks are told apart',
        hint: 'Name a file of autonomous systems.',
      },
    ];
  if (tls) return [];
  const message = "needs the gateway's own TLS, by which programs are told apart";
  return [{ path, message, hint: 'Add tls with certFile and keyFile.' }];
}

function ofApps({ apps, identity, sessions }: GatewayConfig): Conflict[] {
  const known = Object.keys(identity);
  return Object.entries(apps).flatMap(([name, { access }]): Conflict[] => {
    const path = ['apps', name, 'access'];
    const { providers = [], session } = access ?? {};
    const conflicts = providers.flatMap((provider, i): Conflict[] => {
      if (known.includes(provider)) return [];
      const meant = nearest(provider, known);
      const hint = meant === undefined ? 'Add it to identity.' : `Did you mean ${meant}?`;
      return [{ path: [...path, 'providers', i], isOfKey: false, message: 'names no provider of identity', hint }];
    });
    if (session && known.length === 0)
      conflicts.push({ path: [...path, 'session'], message: 'needs identity: nobody signs in' });
    for (const kind of ['absolute', 'idle'] as const)
      if ((session?.[kind] ?? 0) > sessions[kind])
        conflicts.push({ path: [...path, 'session', kind], message: `is longer than that of sessions` });
    const late = (access?.policies ?? []).flatMap((policy, i): Conflict[] =>
      (['absolute', 'idle'] as const).flatMap((kind) =>
        (policy.session?.[kind] ?? 0) > (session?.[kind] ?? sessions[kind])
          ? [{ path: [...path, 'policies', i, 'session', kind], message: 'is longer than that of the application' }]
          : [],
      ),
    );
    return [...conflicts, ...late, ...hostFaults(name, access, known.length > 0)];
  });
}

/** People come back to hosts of the gateway. A wildcard may cover those of others too. */
function hostFaults(
  name: string,
  access: GatewayConfig['apps'][string]['access'],
  isSignIn: boolean,
): readonly Conflict[] {
  if (!access) return [];
  const path = ['apps', name, 'access'];
  const [pattern = ''] = name.split('/');
  const { hosts = [] } = access;
  const faults = hosts.flatMap((host, i): Conflict[] =>
    isCovered(host, pattern)
      ? []
      : [{ path: [...path, 'hosts', i], isOfKey: false, message: 'is no host of this application' }],
  );
  const letsIn = access.policies.some(({ action }) => action === 'allow');
  if (isSignIn && letsIn && pattern.startsWith('*') && hosts.length === 0)
    faults.push({
      path,
      message: 'needs hosts: whoever owns another host that the name covers would get sessions of people',
      hint: 'List the hosts where people sign in, such as hosts: [a.example.com].',
    });
  return faults;
}

export const isCovered = (host: string, pattern: string): boolean =>
  pattern === '*' || (pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern);
