// The table of a list of texts.

import { describe, expect, test } from 'vitest';
import { buildTextColumns, TextTable } from '../../../../gateway/lists/table/text-table.ts';
import { createRandom } from '../../../support/random.ts';

const tableOf = (texts: readonly string[]): TextTable => new TextTable(buildTextColumns(texts));

describe('a table of texts', () => {
  test('has whole texts alone', () => {
    const table = tableOf(['/wp-login.php', '/', '', 'curl/8', 'curl/8.1', 'caf\xc3\xa9']);
    expect(['/wp-login.php', '/', '', 'curl/8', 'curl/8.1', 'caf\xc3\xa9'].every((text) => table.has(text))).toBe(true);
    expect(['/wp-login', '/wp-login.php/', 'curl', 'Curl/8', 'caf\xe9', '\u0163'].some((text) => table.has(text))).toBe(
      false,
    );
  });

  test('without texts has none', () => {
    expect(tableOf([]).has('')).toBe(false);
  });

  test('of random texts has those that a set has', () => {
    const random = createRandom(22);
    const text = (): string => Buffer.from(random.bytes(random.below(4)).map((byte) => byte & 0x83)).toString('latin1');
    for (let round = 0; round < 20; round++) {
      const texts = Array.from({ length: random.below(100) }, text);
      const set = new Set(texts);
      const table = tableOf(texts);
      for (let i = 0; i < 200; i++) {
        const probe = text();
        expect(table.has(probe)).toBe(set.has(probe));
      }
    }
  });
});
