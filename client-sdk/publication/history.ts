// What a checker remembers of the publications that it has seen, so that none can be taken back:
// in memory, and across restarts with the option `memory`. PROTOCOL.md §14.

import type { KeyId } from '../../protocol/brands.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { CheckerMemory } from '../options.ts';
import { createPart } from '../part.ts';
import type { Learn, OfPin, Seen } from './seen.ts';
import type { SharedMemory } from './shared-memory.ts';

export interface History {
  /** Reads the memory once. @throws LookupError `MEMORY_FAILED` */
  seen(): Promise<Seen>;
  /** Remembers a verified head. */
  add(head: { readonly sequence: number; readonly issuedAt: number }): void;
  /** Whether an evaluator was caught not to use this key. Read `seen` first. */
  isCaught(keyId: KeyId): boolean;
  /** Trusts no evaluation with this key any more. */
  catch(keyId: KeyId): void;
}

/** Few callers have a memory. */
const loadSharedMemory = createPart(() => import('./shared-memory.ts'));

export function createHistory(memory: CheckerMemory | undefined, authority: OfPin): History {
  let all: Seen = { sequence: 0, issuedAt: 0, caught: [] };
  let shared: SharedMemory | undefined;
  let loading: Promise<void> | undefined;

  const learn: Learn = ({ sequence = 0, issuedAt = 0, caught = [] } = {}) => {
    all = {
      sequence: Math.max(sequence, all.sequence),
      issuedAt: Math.max(issuedAt, all.issuedAt),
      caught: [...new Set([...all.caught, ...caught])],
    };
    return all;
  };
  const load = async (): Promise<void> => {
    if (!memory) return;
    shared ??= (await loadSharedMemory()).createSharedMemory(memory, authority, learn);
    await shared.load();
  };

  return {
    async seen() {
      loading ??= load();
      try {
        await loading;
      } catch (cause) {
        // The next call tries again.
        loading = undefined;
        throw cause instanceof LookupError ? cause : lookupFailure('MEMORY_FAILED', { cause });
      }
      return all;
    },
    add({ sequence, issuedAt }) {
      learn({ sequence, issuedAt });
      shared?.sync();
    },
    isCaught: (keyId) => all.caught.includes(keyId),
    catch(keyId) {
      learn({ caught: [keyId] });
      shared?.sync();
    },
  };
}
