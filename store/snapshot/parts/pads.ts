// Pads of many entries with the platform's SHA-256. accel/pad-kernel.ts is a faster one.

import { hash } from 'node:crypto';
import {
  PAD_BYTES,
  PAD_INPUT_BYTES,
  PAD_PREFIX_BYTES,
  padPrefix,
  TAG_AND_SEED_BYTES,
} from '../../../protocol/entry.ts';
import type { CreatePadBatch } from '../../../protocol/metadata.ts';

/** Entries in a batch. */
const CAPACITY = 1024;

export const createNodePads: CreatePadBatch = (layer) => {
  const input = new Uint8Array(PAD_INPUT_BYTES);
  input.set(padPrefix(layer));
  const pads = new Uint8Array(CAPACITY * PAD_BYTES);
  let count = 0;
  return {
    get isFull() {
      return count === CAPACITY;
    },
    add(bytes, at) {
      for (let i = 0; i < TAG_AND_SEED_BYTES; i++) input[PAD_PREFIX_BYTES + i] = bytes[at + i] as number;
      // A buffer would take three times as long as a string.
      const digest = hash('sha256', input, 'binary');
      for (let i = 0; i < PAD_BYTES; i++) pads[count * PAD_BYTES + i] = digest.charCodeAt(i);
      count++;
    },
    hide(metadata, at, width) {
      for (let entry = 0; entry < count; entry++)
        for (let i = 0; i < width; i++) {
          const place = at + entry * width + i;
          metadata[place] = (metadata[place] as number) ^ (pads[entry * PAD_BYTES + i] as number);
        }
      count = 0;
    },
  };
};
