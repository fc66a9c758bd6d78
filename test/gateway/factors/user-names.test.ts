// Names of people at applications, as checks find them in many spellings.

import { expect, test } from 'vitest';
import { openBook } from '../../support/gateway/factors/book.ts';

const importAll = async (rows: readonly (readonly [email: string, user: string])[]) => {
  const { admin } = openBook();
  await admin.importUsers(rows.map(([email, user]) => ({ email, app: 'wiki', user })));
  return admin;
};

test('a spelling finds all whose name it may be, and tells nobody who may confirm', async () => {
  const admin = await importAll([
    ['ann@example.com', 'Ann'],
    ['other@example.com', 'CORP\\ann'],
    ['bob@example.com', 'bob@corp.example'],
  ]);
  const found = async (name: string) => [...(await admin.namesOf('wiki', name)).names].sort();
  expect(await found('ÅNN')).toEqual(['Ann', 'CORP\\ann', 'ann@example.com', 'other@example.com']);
  expect(await found('corp\\ANN')).toEqual(await found('ÅNN'));
  expect(await found('B.ob')).toEqual(['bob@corp.example', 'bob@example.com']);
  expect(await found('bob@elsewhere.example')).toEqual([]);
  expect(await found('annie')).toEqual([]);
  for (const name of ['ANN', 'bob', 'corp\\ann']) expect(await admin.userOf('wiki', name)).toBeUndefined();
  expect(await admin.namesOf('shop', 'Ann')).toEqual({ names: [] });
});

test('says where it could not tell all of them', async () => {
  const many = Array.from({ length: 70 }, (_, i) => ['shared@example.com', `box${i}`] as const);
  const johns = Array.from({ length: 17 }, (_, i) => [`john${i}@example.com`, `john@tenant${i}.example`] as const);
  const admin = await importAll([...many, ...johns]);
  expect(await admin.namesOf('wiki', 'box1')).toMatchObject({ isCut: true });
  expect(await admin.namesOf('wiki', 'john')).toMatchObject({ isCut: true });
  // Who types the whole address is one of them alone.
  expect(await admin.namesOf('wiki', 'john@tenant3.example')).toEqual({
    names: ['john3@example.com', 'john@tenant3.example'],
    isExact: true,
    person: 'john3@example.com',
  });
  expect(await admin.namesOf('wiki', 'x'.repeat(600))).toMatchObject({ isCut: true });
});

test('forgets whoever is forgotten', async () => {
  const admin = await importAll([
    ['ann@example.com', 'Ann'],
    ['other@example.com', 'ann'],
  ]);
  await admin.forget('ann@example.com');
  expect(await admin.namesOf('wiki', 'ANN')).toEqual({
    names: ['other@example.com', 'ann'],
    person: 'other@example.com',
  });
  await admin.forget('other@example.com');
  expect(await admin.namesOf('wiki', 'ANN')).toEqual({ names: [] });
});
