// Accounts in the sources of a dataset: by all of their names, under the dataset's own rules.

import fs from 'node:fs';
import { expect } from 'vitest';
import { credveil, type WorkPlace } from '../../support/credveil.ts';
import { parseRows } from '../../support/match/world.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const TABLE = [
  'nr,login,mail',
  '1,ann,Ann <ann@example.com>',
  '2,ben,ben@example.com',
  '3,Cid,c.i.d+news@gmail.com',
  '4,,',
  '5,eve,eve@example.com',
  'short',
  '',
].join('\n');
const NEW = 'ANN@example.com:secret1\neve:secret2\nzoe@example.com:secret3\n';
const OLD = 'ann:other1\ncid@gmail.com:other2\nben@example.org:other3\n';

async function createDataset(place: WorkPlace, ...options: string[]): Promise<string> {
  const folder = place.at('leaks');
  const run = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await credveil(args);
    expect(code, stderr).toBe(0);
  };
  await run('init', folder, '--suite', 'hmac', '--bucket-floor', '1', ...options);
  for (const [name, date, text] of [
    ['old', '2012-05', OLD],
    ['new', '2024-03', NEW],
  ] as const) {
    const corpus = place.write(`${name}.txt`, text);
    await run('ingest', folder, corpus, '--source', name, '--date', date, '--format', 'combo', '--no-publish');
  }
  return folder;
}

const COLUMNS = ['--columns', 'id=nr,username=login,email=mail'];

test('are found in each source, the most recent first, without a snapshot', async ({ place }) => {
  const folder = await createDataset(place);
  const unchecked = place.at('unchecked.csv');
  const args = ['match', '-', ...COLUMNS, '--names-only', folder, '--unchecked', unchecked];
  const { code, stdout, stderr } = await credveil(args, TABLE);
  expect(code, stderr).toBe(0);
  expect(parseRows(stdout)).toEqual([
    { account: '1', source: 'new', date: '2024-03', match: 'name' },
    { account: '5', source: 'new', date: '2024-03', match: 'name' },
    { account: '1', source: 'old', date: '2012-05', match: 'name' },
  ]);
  expect(stderr).toContain('NOT READ: 1 row of the user table (1 malformed-row)');
  expect(stderr).toContain('found: 2 accounts whose name stands in a source (3 rows)');
  expect(fs.readFileSync(unchecked, 'utf8')).toBe('account,reason,source\n4,no-name,\n');
  const json = await credveil(['match', '-', ...COLUMNS, '--names-only', folder, '--json'], TABLE);
  expect(JSON.parse(json.stdout).accounts).toHaveLength(3);
});

test("are compared under the dataset's rules for usernames", async ({ place }) => {
  const folder = await createDataset(place, '--username-rules', 'plus-tags,gmail-dots');
  const { stdout } = await credveil(['match', '-', ...COLUMNS, '--names-only', folder], TABLE);
  expect(parseRows(stdout).map(({ account, source }) => `${account} ${source}`)).toEqual([
    '1 new',
    '5 new',
    '1 old',
    '3 old',
  ]);
});

test('need the key of the dataset, its sources, and a user table with names', async ({ place }) => {
  const folder = await createDataset(place);
  const refuse = async (args: readonly string[], text: string, input = TABLE): Promise<void> => {
    const { code, stdout, stderr } = await credveil(['match', '-', ...args], input);
    expect([code === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain(text);
  };
  await refuse([...COLUMNS, '--names-only', folder, '--similar'], 'verifies nothing');
  await refuse([...COLUMNS, '--names-only', folder, '--against', folder], '--against or --names-only');
  await refuse([...COLUMNS], '--against or --names-only');
  await refuse([...COLUMNS, '--names-only', folder], 'USERS_EMPTY', 'nr,login,mail\n1,,\n');
  await refuse([...COLUMNS, '--names-only', place.at('nothing')], 'DATASET_MISSING');
  const run = place.at('leaks/runs/new.run');
  const bytes = fs.readFileSync(run);
  bytes[20] = (bytes[20] as number) ^ 1;
  fs.writeFileSync(run, bytes);
  await refuse([...COLUMNS, '--names-only', folder], 'RUN_CORRUPT');
  fs.renameSync(place.at('leaks.key'), place.at('away.key'));
  await refuse([...COLUMNS, '--names-only', folder], 'KEY_FILE_MISSING');
});
