// What `leaks` means: its files read and judged, and the options of the checker that they make.

import { createHash } from 'node:crypto';
import type { LeakCheckerOptions, ServerAddress } from '../../client-sdk/index.ts';
import type { ReplicaOptions } from '../../client-sdk/replica/replica.ts';
import { StoreError } from '../../store/errors.ts';
import { type KeyFileAccess, openClientKeyFile, openPinFile, type PinLines } from '../../store/key-file.ts';
import { namedByKey } from '../secret-at.ts';
import type { LeaksConfig } from './leaks-schema.ts';

export interface LeakFiles {
  readonly options: LeakCheckerOptions;
  readonly replica: ReplicaOptions | undefined;
  /** Differs when the configuration or the content of a file does. It tells nothing of them. */
  readonly digest: string;
}

/** @throws StoreError for files that cannot be used */
export function readLeakFiles(config: LeaksConfig, access: KeyFileAccess = {}): LeakFiles {
  const { url, trust, keyFile, clientKeyFile, bucketsUrl, evaluators, timeoutMs } = config;
  const { cache, from, refreshMs } = config.replica ?? {};
  const clientKeyOf = (file: string | undefined, key: string) =>
    file === undefined ? {} : { clientKey: namedByKey(`${key}.clientKeyFile`, () => openClientKeyFile(file, access)) };
  const serverOf = (given: NonNullable<LeaksConfig['bucketsUrl']>, key: string): ServerAddress => ({
    url: given.url,
    ...clientKeyOf(given.clientKeyFile, `leaks.${key}`),
  });
  const pinned = keyFile === undefined ? undefined : namedByKey('leaks.keyFile', () => readPinned(keyFile, access));
  const line = trust ?? pinned?.trust;
  const shared = { url, timeoutMs, ...clientKeyOf(clientKeyFile, 'leaks'), ...(line !== undefined && { trust: line }) };
  const options = pinned
    ? { ...shared, key: pinned.key }
    : {
        ...shared,
        ...(bucketsUrl && { bucketsUrl: serverOf(bucketsUrl, 'bucketsUrl') }),
        ...(evaluators && { evaluators: evaluators.map((each, i) => serverOf(each, `evaluators.${i}`)) }),
      };
  const replica =
    cache === undefined
      ? undefined
      : {
          cache,
          ...(from && { from: serverOf(from, 'replica.from') }),
          ...(refreshMs !== undefined && { refreshMs }),
        };
  const digest = createHash('sha256')
    .update(JSON.stringify([config, options, replica]))
    .digest('hex');
  // Without a key the schema requires `trust`.
  return { options: options as LeakCheckerOptions, replica, digest };
}

/** A key file of a dataset has no dataset's name in it, and a client has to know that. */
function readPinned(file: string, access: KeyFileAccess): PinLines {
  const pinned = openPinFile(file, access);
  if (pinned.key.startsWith('credveil-hmac-2.')) return pinned;
  throw new StoreError(
    'KEY_FILE_MALFORMED',
    `key file ${file}: it holds the secret key alone`,
    'Write what `credveil key pin DATASET` prints to a file of mode 0600, and name that file.',
  );
}
