// Secrets in files that the configuration names.

import { StoreError } from '../store/errors.ts';
import { type KeyFileAccess, readSecretFile, type Secret } from '../store/key-file.ts';

/**
 * @param key of the configuration, which an error names
 * @throws StoreError as `readSecretFile`
 */
export const readSecretAt = <Value>(
  key: string,
  file: string,
  secret: Secret<Value>,
  access: KeyFileAccess | undefined,
): Value => namedByKey(key, () => readSecretFile(file, secret, access));

/** @throws StoreError whose message begins with the key */
export function namedByKey<Value>(key: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    const hint = cause.code === 'KEY_FILE_MISSING' ? `Name the file with ${key}.` : cause.hint;
    throw new StoreError(cause.code, `${key}: ${cause.message}`, hint, { cause });
  }
}
