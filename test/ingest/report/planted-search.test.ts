// Planted accounts in texts that are not read: found by their names, however these stand there.

import { describe, expect, test } from 'vitest';
import { createPlantedSearch } from '../../../ingest/derive/planted-search.ts';
import { normalizePassword, normalizeUsername } from '../../../protocol/normalize.ts';
import { NameList } from '../../../store/retention/name-list.ts';

const EMAIL = 'dema.zomise115@example.test';
const PASSWORD = 'QwertzUiopAsdfgh';

function search(blocks: readonly (string | Buffer)[], list = new NameList()) {
  list.plant('a1', normalizeUsername(EMAIL), normalizePassword(PASSWORD), '2026-01-01');
  const found = createPlantedSearch(list.marks);
  for (const block of blocks) found?.push(Buffer.from(block));
  found?.end();
  return found?.take();
}

const NAME_ALONE = { a1: { names: 1, pairs: 0 } };
const WITH_PASSWORD = { a1: { names: 1, pairs: 1 } };

describe('a planted account is found', () => {
  test.each([
    ['alone', [EMAIL], NAME_ALONE],
    ['in capitals, with a tag and a dot behind', [`write to Dema.Zomise115+shop@EXAMPLE.test.`], NAME_ALONE],
    ['within marks', [`{"u":"<${EMAIL}>","h":"$2y$10$abcdef"}`], NAME_ALONE],
    ['beside its password', [`| ${EMAIL} | 17 | ${PASSWORD} |`], WITH_PASSWORD],
    ['with its password on another line', [`${EMAIL}\n${PASSWORD}`], NAME_ALONE],
    ['cut by blocks', [...`x ${EMAIL}:${PASSWORD}\n`], WITH_PASSWORD],
    ['in UTF-16', [Buffer.from(`of ${EMAIL}, ${PASSWORD};`, 'utf16le')], WITH_PASSWORD],
    ['in UTF-16 that a byte shifts', [Buffer.of(0x20), Buffer.from(`of ${EMAIL},`, 'utf16le').swap16()], NAME_ALONE],
    ['between NULs', [`id\0${EMAIL}\0${PASSWORD}\0`], WITH_PASSWORD],
    ['behind a word that is too long', [`${'9'.repeat(4000)} ${EMAIL}`], NAME_ALONE],
  ])('%s', (_, blocks, found) => {
    expect(search(blocks)).toEqual(found);
  });

  test('as often as it stands there', () => {
    expect(search([`${EMAIL}:a ${EMAIL}:${PASSWORD}\n${EMAIL}`])).toEqual({ a1: { names: 3, pairs: 1 } });
  });
});

test('a part of a name, a longer one and another person are none', () => {
  const others = [`x${EMAIL}`, `${EMAIL}x`, 'zomise115@example.test', EMAIL.replace('115', '116')];
  expect(search([others.join(' ')])).toEqual({});
});

test('a list without planted accounts searches nothing, and suppressed persons are not counted', () => {
  const list = new NameList();
  list.suppress(normalizeUsername('some1@example.test'), new Uint8Array(18), '2026-01-01');
  expect(createPlantedSearch(list.marks)).toBeUndefined();
  expect(createPlantedSearch(undefined)).toBeUndefined();
  expect(search(['some1@example.test'], list)).toEqual({});
});
