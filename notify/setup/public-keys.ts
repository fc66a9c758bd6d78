// The set of public keys that receivers of Security Event Tokens verify with.

import type { JWK } from 'jose';
import { publicJwk } from '../sinks/risc.ts';
import type { FileAccess } from './private-file.ts';
import { readSigningKey } from './secrets.ts';

/** @throws NotifyError as `readSigningKey` */
export async function readPublicKeys(files: readonly string[], access: FileAccess): Promise<{ keys: JWK[] }> {
  const keys = await Promise.all(
    files.map(async (file) => {
      const { key, kid } = await readSigningKey(file, access);
      return { ...(await publicJwk(key)), kid };
    }),
  );
  return { keys };
}
