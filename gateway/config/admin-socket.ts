// Where a gateway is administered.

import path from 'node:path';
import type { GatewayConfig } from './schema.ts';

/** Undefined if it is not, by `admin: off`. */
export function adminSocketOf({ admin, stateDirectory = '.' }: GatewayConfig): string | undefined {
  if (admin === 'off') return undefined;
  return admin?.socketFile ?? path.join(stateDirectory, 'admin.sock');
}
