// Where a gateway is administered.

import path from 'node:path';
import { stateDirectoryBeside } from './read.ts';
import type { GatewayConfig } from './schema.ts';

const NAME = 'admin.sock';

/** Undefined if it is not, by `admin: off`. */
export function adminSocketOf({ admin, stateDirectory = '.' }: GatewayConfig): string | undefined {
  if (admin === 'off') return undefined;
  return admin?.socketFile ?? path.join(stateDirectory, NAME);
}

/** Where it is by default, for a file that cannot be read. */
export const usualAdminSocket = (file: string): string =>
  path.resolve(path.dirname(file), stateDirectoryBeside(file), NAME);
