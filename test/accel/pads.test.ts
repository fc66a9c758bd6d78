// The pad kernel against the platform's SHA-256 and against a client's pad.

import { describe, expect, test } from 'vitest';
import { createKernelPads } from '../../accel/pad-kernel.ts';
import type { LayerId, PrfOutput } from '../../protocol/brands.ts';
import { metadataPad, TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import type { MetadataBytes } from '../../protocol/metadata.ts';
import { createNodePads } from '../../store/snapshot/parts/pads.ts';
import { createRandom, testSeed } from '../support/random.ts';

describe('pads', () => {
  test.for<readonly [name: string, create: typeof createNodePads]>([
    ['the kernel', createKernelPads],
    ['node:crypto', createNodePads],
  ])('%s hides metadata as a client opens it, in batches of any length', ([, create]) => {
    const random = createRandom(testSeed('pads'));
    const layer = Buffer.from(random.bytes(16)).toString('hex') as LayerId;
    const pads = create(layer);
    for (const count of [1, 2, 3, 4, 5, 7, 63, 64, 65, 1000]) {
      const width = random.pick<MetadataBytes>([1, 3]);
      const outputs = Array.from({ length: count }, () => random.bytes(32) as PrfOutput);
      const plain = random.bytes(5 + count * width);
      const hidden = Uint8Array.from(plain);
      for (const output of outputs) {
        expect(pads.isFull).toBe(false);
        // As in a record: elsewhere than at the start of the buffer.
        const buffer = new Uint8Array(3 + TAG_AND_SEED_BYTES);
        buffer.set(output.subarray(0, TAG_AND_SEED_BYTES), 3);
        pads.add(buffer, 3);
      }
      pads.hide(hidden, 5, width);
      expect(hidden.subarray(0, 5)).toEqual(plain.subarray(0, 5));
      for (const [i, output] of outputs.entries()) {
        const pad = metadataPad(layer, output);
        for (let byte = 0; byte < width; byte++) {
          const at = 5 + i * width + byte;
          expect((hidden[at] as number) ^ (plain[at] as number)).toBe(pad[byte]);
        }
      }
    }
  });

  test('a batch reports that it is full and takes the next one after hiding', () => {
    const layer = '00112233445566778899aabbccddeeff' as LayerId;
    for (const pads of [createKernelPads(layer), createNodePads(layer)]) {
      let count = 0;
      for (const entry = new Uint8Array(TAG_AND_SEED_BYTES); !pads.isFull; count++) pads.add(entry, 0);
      const metadata = new Uint8Array(count);
      pads.hide(metadata, 0, 1);
      expect(new Set(metadata).size).toBe(1);
      expect(pads.isFull).toBe(false);
    }
  });
});
