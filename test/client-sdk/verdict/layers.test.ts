// An entry may be in several layers: times add up, the last source counts, and one layer that has
// it suffices. PROTOCOL.md §5, §14.

import { describe, expect, test } from 'vitest';
import type { Snapshot } from '../../../client-sdk/publication/snapshot.ts';
import type { LayerBucket } from '../../../client-sdk/transport/bucket-cache.ts';
import { answerFrom, deriveInquiries } from '../../../client-sdk/verdict/inquiry.ts';
import type { LayerId } from '../../../protocol/brands.ts';
import { shortenTags } from '../../../protocol/bucket.ts';
import { entryTag, metadataPad } from '../../../protocol/entry.ts';
import { MAX_TIMES_SEEN, type MetadataBytes, writeMetadata } from '../../../protocol/metadata.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import { hmacSuite } from '../../support/vectors/inputs.ts';

const suite = hmacSuite();
const [inquiry = expect.fail('nothing is asked')] = deriveInquiries({ password: 'leaked' }, 65_535);
const output = suite.evaluate(inquiry.questions[0]?.input as never);
const SOURCES = [
  { number: 1, name: 'undated' },
  { number: 2, name: 'newest', date: '2025-03' },
  { number: 3, name: 'older', date: '2024-12' },
  { number: 4, name: 'also-newest', date: '2025-03' },
];

interface Held {
  readonly times: number;
  readonly source?: number;
  readonly kind?: EntryKind;
}

/** A bucket with the entry, or with that of somebody else. */
function bucketIn(layer: LayerId, held: Held | undefined, metadataBytes: MetadataBytes = 3): LayerBucket {
  const metadata = new Uint8Array(metadataBytes);
  const { times, source = 0, kind = EntryKind.password } = held ?? { times: 9 };
  writeMetadata({ kind, times, source }, metadataBytes, metadata, 0);
  const pad = metadataPad(layer, output);
  return {
    ...{ layer, metadataBytes },
    tags: Float64Array.of(held ? entryTag(output) : 1),
    metadata: metadata.map((byte, i) => byte ^ (pad[i] as number)),
  };
}

function answer(layers: readonly (Held | undefined)[], metadataBytes?: MetadataBytes) {
  const buckets = layers.map((held, i) => bucketIn(`${i}`.repeat(32) as LayerId, held, metadataBytes));
  return answerFrom(buckets, inquiry, { sources: SOURCES } as unknown as Snapshot, () => output).password;
}

describe('an entry in layers', () => {
  test.each<[string, (Held | undefined)[], object]>([
    ['in none', [undefined, undefined], { result: 'absent' }],
    ['in the first', [{ times: 8 }, undefined], { result: 'found', timesSeen: 8 }],
    ['in the last', [undefined, undefined, { times: 1 }], { result: 'found', timesSeen: 1 }],
    ['in all', [{ times: 8 }, { times: 1 }, { times: 12 }], { result: 'found', timesSeen: 21 }],
    [
      'more often than can be told',
      [{ times: MAX_TIMES_SEEN }, { times: MAX_TIMES_SEEN }],
      { timesSeen: MAX_TIMES_SEEN },
    ],
    ['of another kind in one', [{ times: 8 }, { times: 8, kind: EntryKind.pair }], { result: 'found', timesSeen: 8 }],
    ['of another kind in all', [{ times: 8, kind: EntryKind.pair }, undefined], { result: 'absent' }],
  ])('%s', (_name, layers, expected) => {
    expect(answer(layers)).toMatchObject(expected);
  });

  test.each<[string, number[], string | undefined]>([
    ['the latest date', [2, 3], 'newest'],
    ['the latest date, whatever the number and the layer', [3, 2], 'newest'],
    ['the last name of one date', [2, 4], 'newest'],
    ['a date before none', [3, 1], 'older'],
    ['the only one that is listed', [9, 1], 'undated'],
    ['none', [9, 0], undefined],
  ])('has the source of %s', (_name, sources, expected) => {
    const found = answer(sources.map((source) => ({ times: 1, source })));
    expect(found && 'source' in found ? found.source?.name : undefined).toBe(expected);
    expect(found).toMatchObject({ result: 'found', timesSeen: 2 });
  });

  test('without metadata has neither times nor source', () => {
    expect(answer([{ times: 8 }, { times: 8 }], 0)).toEqual({ result: 'found' });
    expect(answer([undefined, { times: 8 }], 0)).toEqual({ result: 'found' });
    expect(answer([undefined, undefined], 0)).toEqual({ result: 'absent' });
  });

  test.each([0, 1, 2])('a form is found in layer %i of three alone', (place) => {
    const [{ questions } = expect.fail()] = deriveInquiries({ username: 'u', password: 'leaked' }, 65_535);
    const asked = questions.map((question) => ({ ...question, signal: 'similar' as const }));
    const buckets = [0, 1, 2].map((i) => ({
      ...bucketIn(`${i}`.repeat(32) as LayerId, undefined),
      forms: shortenTags(i === place ? Float64Array.of(entryTag(output)) : new Float64Array(0)),
    }));
    const { similar } = answerFrom(
      buckets,
      { ...inquiry, questions: asked } as never,
      { sources: [] } as unknown as Snapshot,
      () => output,
    );
    expect(similar).toEqual({ result: 'found' });
  });
});
