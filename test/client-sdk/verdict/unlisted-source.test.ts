// A source number that the list of sources lacks is not known: PROTOCOL.md §5, §14.

import { expect, test } from 'vitest';
import type { Snapshot } from '../../../client-sdk/publication/snapshot.ts';
import { answerFrom, deriveInquiries } from '../../../client-sdk/verdict/inquiry.ts';
import type { LayerId } from '../../../protocol/brands.ts';
import { entryTag, metadataPad } from '../../../protocol/entry.ts';
import { writeMetadata } from '../../../protocol/metadata.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import { hmacSuite } from '../../support/vectors/inputs.ts';

const layer = 'abef0b9e0668a23d2bbddb5997765fca' as LayerId;

test.each([
  ['listed', [{ number: 258, name: 'first' }], { number: 258, name: 'first' }],
  ['not listed', [{ number: 1, name: 'first' }], undefined],
])('the source of an entry is named only if it is listed: %s', (_, sources, source) => {
  const suite = hmacSuite();
  const [inquiry] = deriveInquiries({ password: 'leaked' }, 65_535);
  if (!inquiry) throw new Error('nothing is asked');
  const output = suite.evaluate(inquiry.questions[0]?.input as never);
  const metadata = new Uint8Array(3);
  writeMetadata({ kind: EntryKind.password, times: 8, source: 258 }, 3, metadata, 0);
  const pad = metadataPad(layer, output);
  const bucket = {
    layer,
    tags: Float64Array.of(entryTag(output)),
    metadata: metadata.map((byte, i) => byte ^ (pad[i] as number)),
    metadataBytes: 3,
  } as const;
  const { password } = answerFrom([bucket], inquiry, { sources } as unknown as Snapshot, () => output);
  expect(password).toMatchObject({ result: 'found', timesSeen: 8 });
  expect(password && 'source' in password ? password.source : undefined).toEqual(source);
});
