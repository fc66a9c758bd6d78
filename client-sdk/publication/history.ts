// What a checker remembers of the publications that it has seen, so that none can be taken back:
// in memory, and across restarts with the option `memory`. PROTOCOL.md §14.

import type { KeyId } from '../../protocol/brands.ts';
import { HEX16, isKeyId } from '../../protocol/ids.ts';
import { lookupFailure } from '../errors.ts';
import type { CheckerMemory } from '../options.ts';
import type { Authority } from './authority.ts';

export interface Seen {
  /** The highest so far. */
  readonly sequence: number;
  /** Of the newest head so far, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** The key that an evaluator was caught not to use. */
  readonly caught?: KeyId;
}

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

const NOTHING: Seen = { sequence: 0, issuedAt: 0 };

/** The text that `memory` holds. */
interface Saved extends Seen {
  readonly dataset: string;
  /** Null under `mac`. */
  readonly publisher: string | null;
}

function parseSaved(text: unknown): Saved {
  const saved = JSON.parse(String(text)) as Partial<Saved> | null;
  const { dataset, publisher, sequence, issuedAt, caught } = saved ?? {};
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isName = (value: unknown): boolean => typeof value === 'string' && HEX16.test(value);
  if (!isName(dataset) || !(publisher === null || isName(publisher)) || !isCount(sequence) || !isCount(issuedAt))
    throw new TypeError('not the text that was saved');
  if (caught !== undefined && !isKeyId(caught)) throw new TypeError('not the text that was saved');
  return saved as Saved;
}

export function createHistory(memory: CheckerMemory | undefined, { dataset, publisher = null }: OfPin): History {
  let seen = NOTHING;
  let loading: Promise<void> | undefined;

  const load = async (): Promise<void> => {
    const text = await memory?.load();
    if (text === undefined || text === null) return;
    const saved = parseSaved(text);
    // Another pin has a history of its own.
    if (saved.dataset !== dataset || saved.publisher !== publisher) return;
    const { sequence, issuedAt, caught } = saved;
    seen = { sequence, issuedAt, ...(caught !== undefined && { caught }) };
  };

  const save = (): void => {
    if (!memory) return;
    const saved: Saved = { dataset, publisher: publisher ?? null, ...seen };
    // The caller's function may throw, or reject. What it failed to save is still in `seen`.
    new Promise((resolve) => resolve(memory.save(JSON.stringify(saved)))).catch(() => {});
  };

  return {
    async seen() {
      loading ??= load();
      try {
        await loading;
      } catch (cause) {
        // The next call tries again.
        loading = undefined;
        throw lookupFailure('MEMORY_FAILED', { cause });
      }
      return seen;
    },
    add({ sequence, issuedAt }) {
      if (sequence <= seen.sequence && issuedAt <= seen.issuedAt) return;
      seen = {
        ...seen,
        sequence: Math.max(sequence, seen.sequence),
        issuedAt: Math.max(issuedAt, seen.issuedAt),
      };
      save();
    },
    isCaught: (keyId) => seen.caught === keyId,
    catch(keyId) {
      if (seen.caught === keyId) return;
      seen = { ...seen, caught: keyId };
      save();
    },
  };
}

type OfPin = Pick<Authority, 'dataset'> & { readonly publisher?: Authority['publisher'] | null };
