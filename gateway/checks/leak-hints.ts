// What to do about a service that cannot be asked, in the keys of the gateway: the SDK's own hints
// name its options and calls.

import { nameError } from '../../runtime/events.ts';

const OF_GATEWAY: { readonly [code: string]: string } = {
  CLIENT_REFUSED:
    'Name a file with the key that `credveil client add` printed (for a replica: `client add --replica`) as leaks.clientKeyFile; a revoked one stays invalid.',
  BODY_TOO_LARGE: 'Publish with smaller buckets.',
  PREFIX_TOO_LONG: 'Publish with fewer prefix bits.',
  REPLICA_MISSING:
    'Wait for the first copy, or run `credveil replica pull` as the user of the gateway. Until then logins are not checked.',
  REPLICA_UNREADABLE:
    'Let the user of the gateway read the folder (EACCES), or run `credveil replica pull --verify` as that user.',
  MEMORY_FAILED: 'Look at leaks.json in stateDirectory. If it is damaged, delete it.',
};

export function nameLeakError(error: unknown): { readonly code: string; readonly hint: string } {
  const { code, hint } = nameError(error);
  return { code, hint: OF_GATEWAY[code] ?? hint };
}
