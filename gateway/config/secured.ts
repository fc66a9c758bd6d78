// Whether browsers reach a gateway under TLS: its own, or that of a proxy which it trusts.

import type { GatewayConfig } from './schema.ts';

export const isSecured = ({
  tls,
  apps,
  trustedProxies,
}: Pick<GatewayConfig, 'tls' | 'apps' | 'trustedProxies'>): boolean =>
  tls !== undefined || trustedProxies.length > 0 || Object.values(apps).some((app) => app.tls !== undefined);
