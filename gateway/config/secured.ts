// Whether browsers reach a gateway under TLS: its own, or that of a proxy which it trusts.

import type { GatewayConfig } from './schema.ts';

export const isSecured = ({
  tls,
  apps,
  trustedProxies,
}: Pick<GatewayConfig, 'tls' | 'apps' | 'trustedProxies'>): boolean =>
  tls !== undefined || trustedProxies.length > 0 || Object.values(apps).some((app) => app.tls !== undefined);

/** The origin of the gateway's own pages, as browsers write it. */
export const ownOriginOf = (config: GatewayConfig): string | undefined =>
  config.auth === undefined ? undefined : `${isSecured(config) ? 'https' : 'http'}://${config.auth}`;
