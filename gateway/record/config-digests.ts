// Whether what a decision depended on is still configured as it was.

import type { Application } from '../applications.ts';
import type { GatewaySetup } from '../setup.ts';
import { digestOf } from './condition-keys.ts';
import type { Decision } from './decision-schema.ts';

type Digests = Omit<Decision['config'], 'rules'>;

const known = new WeakMap<Application['config'], Digests>();

export function configDigests(app: Application['config'], config: GatewaySetup['config']): Digests {
  const before = known.get(app);
  if (before) return before;
  const digests = {
    logins: digestOf(app.login ?? null),
    limits: digestOf([app.loginLimits, app.login ?? null]),
    clients: digestOf([config.trustedProxies, config.proxyProtocol]),
  };
  known.set(app, digests);
  return digests;
}
