// What a publish prints that goes on where one before was killed.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createWorkPlace, credveil, credveilJson, startCredveil } from '../../support/credveil.ts';
import { program } from '../../support/paths.ts';

test('a publish tells how much of one that was killed it goes on with', async ({ onTestFinished }) => {
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const [dataset, other] = [place.at('leaks'), place.at('other')];
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  await credveilJson(['ingest', dataset, '-', '--source', 'first', '--no-publish'], 'ana:one\nben:two\n');
  // Until one of two parts is written, and noted.
  const work = path.join(dataset, 'work');
  for (let calls = 4; !fs.existsSync(path.join(work, 'publish', 'account-000.note')); calls++) {
    fs.rmSync(work, { recursive: true, force: true });
    const { ended } = startCredveil(['publish', dataset, '--threads', '1'], {
      node: ['--import', program('failing-disk.ts')],
      env: { ...process.env, CREDVEIL_FAULT: `kill ${calls}` },
    });
    expect(await ended).toMatchObject({ code: null, stdout: '' });
  }
  for (const ending of ['', '.key']) fs.cpSync(dataset + ending, other + ending, { recursive: true });
  const { code, stdout, stderr } = await credveil(['publish', dataset]);
  expect(code).toBe(0);
  expect(stdout).toContain('\nresumed: 1 of 2 parts had been finished before\n');
  expect(stderr).toMatch(/ 6 records {2}\d resumed {2}/);
  expect(await credveilJson(['publish', other])).toMatchObject({ changed: true, resumed: { parts: 1, of: 2 } });
  // There is nothing more to go on with.
  await credveilJson(['ingest', other, '-', '--source', 'second', '--no-publish'], 'cem:three\n');
  expect(await credveilJson(['publish', other])).toMatchObject({ changed: true, resumed: null });
});
