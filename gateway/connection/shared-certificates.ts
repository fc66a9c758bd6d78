// Certificates that are valid for hosts of another TLS profile: browsers ask for those on one
// connection, and are sent away with 421, which not all clients try again after.

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ServerEvent } from '../../runtime/events.ts';
import { readPem } from '../../runtime/tls.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { profileId, profilesOf } from './tls-profiles.ts';

type SharedCertificate = Extract<ServerEvent, { readonly event: 'tls-certificate-shared' }>;

/**
 * One for each host of another profile than a certificate that is valid for it.
 * @throws ServerError `TLS_FILE_UNREADABLE`
 */
export function sharedCertificates(config: GatewayConfig): readonly SharedCertificate[] {
  const hosts = hostsByProfile(config);
  return [...profilesOf(config)].flatMap(([id, { certFile }]) => {
    const certificate = new X509Certificate(readPem(certFile));
    return [...hosts]
      .filter(([host, profile]) => profile !== id && isFor(certificate, host))
      .map(
        ([host]): SharedCertificate => ({
          event: 'tls-certificate-shared',
          app: host,
          message: `the certificate in ${certFile} is valid for ${host}, which has other tls`,
          hint: 'Give hosts of different tls different certificates, without names or wildcards of the others.',
        }),
      );
  });
}

/** @param host as the configuration names it: `*.example`, `[::1]` */
export function isFor(certificate: X509Certificate, host: string): boolean {
  const bare = host.replace('*', 'any').replace(/^\[|\]$/g, '');
  return (isIP(bare) ? certificate.checkIP(bare) : certificate.checkHost(bare)) !== undefined;
}

/** The TLS profile of each host by name. */
export function hostsByProfile({ tls: shared, apps, auth }: GatewayConfig): ReadonlyMap<string, string> {
  const hosts = new Map<string, string>();
  for (const [name, { tls = shared }] of Object.entries(apps)) {
    const [host = ''] = name.split('/');
    if (tls && host !== '*') hosts.set(host, profileId(tls));
  }
  // The gateway's own pages.
  if (shared && auth !== undefined) hosts.set(auth.replace(/:\d+$/, ''), profileId(shared));
  return hosts;
}
