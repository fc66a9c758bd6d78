// The text of the option `memory`, which checkers of several processes and of several pinned lines
// may share: read again before each save, and only ever added to.

import { HEX16, isKeyId } from '../../protocol/ids.ts';
import type { CheckerMemory } from '../options.ts';
import type { Learn, OfPin, Seen } from './seen.ts';

export interface SharedMemory {
  /** Learns what is kept. Rejects if that fails, or if the text is not one that was saved. */
  load(): Promise<void>;
  /**
   * In the background, learns what others have seen meanwhile, and saves what the text lacks. A
   * failure is ignored: the next call tries again.
   */
  sync(): void;
}

/** By dataset and publisher. */
type Pins = { readonly [pin: string]: Seen };

/** The publisher is null under `mac`. */
const pinOf = (dataset: unknown, publisher: unknown): string => `${dataset}/${publisher ?? 'mac'}`;

const PIN = /^[0-9a-f]{16}\/([0-9a-f]{16}|mac)$/;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is { [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const NOT_SAVED = 'not the text that was saved';

function parseSeen(value: unknown): Seen {
  if (!isObject(value)) throw new TypeError(NOT_SAVED);
  const { sequence, issuedAt, caught } = value;
  if (!isCount(sequence) || !isCount(issuedAt) || !Array.isArray(caught) || !caught.every(isKeyId))
    throw new TypeError(NOT_SAVED);
  return { sequence, issuedAt, caught };
}

/** An earlier text, which held one pin and at most one key that was caught. */
function parseSingle({ dataset, publisher, caught, ...counts }: { readonly [name: string]: unknown }): Pins {
  const isName = (value: unknown): boolean => typeof value === 'string' && HEX16.test(value);
  if (!isName(dataset) || !(publisher === null || isName(publisher))) throw new TypeError(NOT_SAVED);
  return { [pinOf(dataset, publisher)]: parseSeen({ ...counts, caught: caught === undefined ? [] : [caught] }) };
}

function parsePins(text: unknown): Pins {
  if (text === undefined || text === null) return {};
  const saved: unknown = JSON.parse(String(text));
  if (!isObject(saved)) throw new TypeError(NOT_SAVED);
  const { pins } = saved;
  if (pins === undefined) return parseSingle(saved);
  if (!isObject(pins) || !Object.keys(pins).every((pin) => PIN.test(pin))) throw new TypeError(NOT_SAVED);
  return Object.fromEntries(Object.entries(pins).map(([pin, seen]) => [pin, parseSeen(seen)]));
}

/** Whether nothing of `seen` is missing. */
function holds(kept: Seen, { sequence, issuedAt, caught }: Seen): boolean {
  return kept.sequence >= sequence && kept.issuedAt >= issuedAt && caught.every((keyId) => kept.caught.includes(keyId));
}

/** The last save of each memory: those of one process take turns. */
const turns = new WeakMap<CheckerMemory, Promise<void>>();

export function createSharedMemory(memory: CheckerMemory, { dataset, publisher }: OfPin, learn: Learn): SharedMemory {
  const own = pinOf(dataset, publisher);
  let isQueued = false;

  const read = async (): Promise<Pins> => parsePins(await memory.load());

  const addMissing = async (): Promise<void> => {
    isQueued = false;
    const pins = await read();
    const kept = pins[own];
    const seen = learn(kept);
    if (kept && holds(kept, seen)) return;
    await memory.save(JSON.stringify({ pins: { ...pins, [own]: seen } }));
  };

  return {
    async load() {
      learn((await read())[own]);
    },
    sync() {
      // The one that waits saves what is newest when its turn comes.
      if (isQueued) return;
      isQueued = true;
      const last = turns.get(memory) ?? Promise.resolve();
      turns.set(
        memory,
        last.then(addMissing).catch(() => {}),
      );
    },
  };
}
