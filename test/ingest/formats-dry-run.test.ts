// credveil ingest --dry-run describes a corpus, shows none of its text and writes nothing.

import { expect } from 'vitest';
import { credveil, credveilJson, digestFolder, filesBelow } from '../support/credveil.ts';
import { fixture as fixtureFile } from '../support/paths.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

test('a dry run reports format, masked rejects and a prediction, and writes nothing', async ({ place }) => {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  const lines = Array.from({ length: 3000 }, (_, i) => `user${i}@example.com:Secret${i}`);
  const file = place.write('corpus.txt', `${['A Banner! 12', '', 'Dan:', ...lines].join('\n')}\n`);
  const [before, names] = [digestFolder(place.home), filesBelow(place.home).map(({ name }) => name)];

  const found = await credveilJson(['ingest', dataset, file, '--dry-run']);
  expect(found).toMatchObject({
    format: 'combo',
    inputs: 1,
    lines: 3003,
    credentials: 3000,
    prediction: { credentials: 3000, runBytes: expect.any(Number), seconds: expect.any(Number) },
  });
  const { rejects } = found as { rejects: { reason: string }[] };
  expect(rejects.toSorted((a, b) => (a.reason < b.reason ? -1 : 1))).toEqual([
    { reason: 'blank', count: 1, examples: [] },
    { reason: 'empty-password', count: 1, examples: ['Dxx:'] },
    { reason: 'no-separator', count: 1, examples: ['A xxxxxx* 92'] },
  ]);

  const archived = await credveil(['ingest', dataset, file, '--dry-run', '--archive', 'age1anyone']);
  expect(archived).toMatchObject({ code: 2, stderr: expect.stringContaining('--dry-run makes no archive') });
  const { code, stdout, stderr } = await credveil(['ingest', dataset, file, '--dry-run', '--source', 'x']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^format combo \(.*lines are pairs; .*\)\nsample: .*\nrejected \(.*\nREASON[\s\S]*\nfull ingest: about 3,000 credentials in .*\ndisk: .* of snapshot entries\n$/,
  );
  for (const text of ['Banner', 'Dan', 'Secret', 'user1']) expect(stdout).not.toContain(text);
  expect(filesBelow(place.home).map(({ name }) => name)).toEqual(names);
  expect(digestFolder(place.home)).toBe(before);
});

test('a dry run predicts the cost of a long corpus from its start', async ({ place }) => {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  const line = (i: number): string => `user${String(i).padStart(7, '0')}@example.com:secret\n`;
  const file = place.write('corpus.txt', Array.from({ length: 400_000 }, (_, i) => line(i)).join(''));
  const found = (await credveilJson(['ingest', dataset, file, '--dry-run'])) as {
    lines: number;
    prediction: { credentials: number };
  };
  expect(found.lines).toBeLessThan(200_000);
  expect(Math.abs(found.prediction.credentials / 400_000 - 1)).toBeLessThan(0.01);
  const fixture = fixtureFile('corpora', 'nested.tar.gz');
  expect(await credveilJson(['ingest', dataset, fixture, '--dry-run'])).toMatchObject({
    // Consecutive frames are one text: the last line of the first continues in the second.
    lines: 3 * (6 + 40) - 1,
    credentials: 3 * (3 + 40) - 1,
  });
});

test('--trust-archives reads what the limits on archives refuse', async ({ place }) => {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  const dryRun = ['ingest', dataset, fixtureFile('corpora', 'deep.gz'), '--dry-run', '--format', 'combo'];
  const refused = await credveil(dryRun);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(/^error CONTAINER_DEPTH: .*\n {2}.*--trust-archives/);
  expect(await credveilJson([...dryRun, '--trust-archives'])).toMatchObject({ inputs: 1 });
});
