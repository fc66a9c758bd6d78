// The latch: an evaluator that was caught with a wrong evaluation is not trusted again.

import type { KeyId } from '../../protocol/brands.ts';
import { lookupFailure } from '../errors.ts';

export interface Latch {
  /** @throws LookupError `KEY_MISMATCH` once an evaluator was caught */
  assertOpen(keyId: KeyId): void;
  /** An evaluator was caught: refuses every key for the life of the checker. */
  close(keyId: KeyId): void;
  /** An evaluator with this key was caught by an earlier checker: refuses this key. */
  restore(keyId: KeyId): void;
}

/** @param onClose is called with the key to remember, once */
export function createLatch(onClose: (keyId: KeyId) => void = () => undefined): Latch {
  let isClosed = false;
  let restored: KeyId | undefined;
  return {
    assertOpen(keyId) {
      if (isClosed || keyId === restored)
        throw lookupFailure('KEY_MISMATCH', { detail: 'the evaluator was caught with a wrong evaluation' });
    },
    close(keyId) {
      if (!isClosed) onClose(keyId);
      isClosed = true;
    },
    restore(keyId) {
      restored = keyId;
    },
  };
}
