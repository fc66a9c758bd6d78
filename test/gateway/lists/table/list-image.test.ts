// The bytes of a list: written, read again, and refused once damaged.

import { describe, expect, test } from 'vitest';
import { decodeImage, encodeImage, sizeOf } from '../../../../gateway/lists/table/list-image.ts';
import { buildTextColumns } from '../../../../gateway/lists/table/text-table.ts';
import { build, findIn, HEADER } from '../../../support/gateway/build-lists.ts';
import { createRandom } from '../../../support/random.ts';

const LIST = build('1.2.3.4\n5.6.7.0/24\n2600::/32\n2a00::1\n');

describe('the image of a list', () => {
  test('has the header, the size and the entries', async () => {
    const decoded = await decodeImage(LIST.image);
    expect(decoded?.header).toEqual(HEADER);
    expect(decoded && sizeOf(decoded.columns)).toEqual({ entries: 4, addresses4: 257, networks6: 2 ** 32 + 1 });
    expect(LIST.report).toMatchObject({ entries: 4, addresses4: 257, networks6: 2 ** 32 + 1 });
    expect(await findIn(LIST, ['5.6.7.9', '2600::1', '5.6.8.0'])).toEqual(['5.6.7.9', '2600::1']);
  });

  test.each(['', 'x', 'xy', 'xyz', '\u20ac'])('may have the validator %j', async (validator) => {
    const header = { ...HEADER, validator };
    const image = encodeImage(header, { kind: 'string', columns: buildTextColumns(['a', 'bc']) });
    const decoded = await decodeImage(image);
    expect(decoded?.header).toEqual(header);
    expect(decoded && sizeOf(decoded.columns)).toEqual({ entries: 2, addresses4: 0, networks6: 0 });
    expect(await findIn({ image }, ['a', 'b', 'bc', 'c'])).toEqual(['a', 'bc']);
  });

  test('is refused with any byte changed, cut off or added', async () => {
    const random = createRandom(31);
    for (let i = 0; i < 300; i++) {
      const changed = LIST.image.slice();
      const at = random.below(changed.length);
      changed[at] = (changed[at] as number) ^ (1 + random.below(255));
      expect(await decodeImage(changed), `byte ${at}`).toBeUndefined();
    }
    for (const length of [0, 7, 47, 48, 60, LIST.image.length - 1])
      expect(await decodeImage(LIST.image.slice(0, length))).toBeUndefined();
    expect(await decodeImage(Uint8Array.from([...LIST.image, 0]))).toBeUndefined();
  });
});
