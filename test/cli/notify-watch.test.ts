// credveil watch open --notify: watched accounts reach a sink, each finding under one id.

import fs from 'node:fs';
import { expect } from 'vitest';
import { createWatchKey } from '../../match/watch/watch-key.ts';
import { writeKeyFile } from '../../store/key-file.ts';
import { credveil } from '../support/credveil.ts';
import { type Pair, seededPairs } from '../support/dataset.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';
import { createTagger } from '../support/watch.ts';

const pairs = seededPairs(20);
const [ANN, BEN] = pairs as [Pair, Pair];
const test = datasetTest({ pairs, date: '2020-01', published: false });

test('watch open sends watched accounts, and a finding of another password anew', async ({ made }) => {
  const at = (name: string): string => `${made.folder}.${name}`;
  const key = createWatchKey();
  writeKeyFile(at('watchkey'), key);
  const tag = createTagger(key, made, made.suite);
  const open = async (password: Pair): Promise<string> => {
    const usernames = [password.username];
    fs.writeFileSync(at('csv'), `account,tag\n17,${tag({ account: '17', usernames, password: password.password })}\n`);
    const args = ['watch', 'open', at('csv'), '--key', at('watchkey'), '--data', made.folder];
    const { code, stderr } = await credveil([...args, '--notify', `ecs:${at('ecs')}`]);
    expect(code, stderr).toBe(0);
    return stderr;
  };
  expect(await open(ANN)).toContain('events: 1 new to the outbox, 0 known to it');
  expect(await open(ANN)).toContain('events: 0 new to the outbox, 1 known to it');
  expect(await open(BEN)).toContain('events: 1 new to the outbox, 0 known to it');
  const lines = fs
    .readFileSync(at('ecs'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const data = { account: '17', source: 'first', leakedAt: '2020-01', finding: 'exact' };
  for (const line of lines) expect(line).toMatchObject({ event: { action: 'watch.found' }, credveil: data });
  expect(new Set(lines.map(({ event }) => event.id)).size).toBe(2);
  expect(fs.existsSync(at('outbox.sqlite'))).toBe(true);
});
