// Copies of lists where the gateway's folder takes none.

import fs from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { spareFolderOf } from '../../../gateway/lists/copies/spare-folder.ts';
import { ListReplica } from '../../../gateway/lists/list-replica.ts';
import { asConfig, createListFile, has, keep, named, newFolder } from '../../support/gateway/kept-lists.ts';

/** A folder in which no copy of `vpn` can be written until `release`. */
function blockedFolder() {
  const folder = newFolder();
  const obstacle = path.join(folder, `vpn.list.${process.pid}.part`);
  fs.mkdirSync(obstacle);
  const spare = spareFolderOf(folder);
  onTestFinished(() => fs.rmSync(spare, { recursive: true, force: true }));
  return { folder, spare, release: () => fs.rmdirSync(obstacle) };
}

test('a list is in force in all processes though its copy cannot be written, and is kept once it can', async () => {
  const { folder, spare, release } = blockedFolder();
  const { file, replace } = createListFile('1.2.3.4\n');
  const config = { vpn: { file, every: 10 } };
  const { lists, events } = await keep(config, folder);
  expect(has(lists.lookup('vpn'), '1.2.3.4')).toBe(true);
  expect(events).toEqual([named('list-loaded'), named('list-failed', 'COPY_NOT_KEPT')]);
  expect(lists.stats()[0]).toMatchObject({ entries: 1, isKnown: true, lastError: 'COPY_NOT_KEPT' });
  expect(fs.statSync(spare).mode & 0o777).toBe(0o700);
  const worker = new ListReplica(asConfig(config), folder);
  await worker.load();
  expect(has(worker.lookup('vpn'), '1.2.3.4')).toBe(true);

  replace('5.6.7.8\n');
  await expect.poll(() => has(lists.lookup('vpn'), '5.6.7.8')).toBe(true);
  release();
  await expect.poll(() => lists.stats()[0]?.lastError).toBeUndefined();
  expect(fs.readdirSync(spare)).toEqual([]);
  expect(fs.existsSync(path.join(folder, 'vpn.list'))).toBe(true);
  await worker.apply({ list: 'vpn', change: 'copy' });
  expect(has(worker.lookup('vpn'), '5.6.7.8')).toBe(true);
});

test.each([
  ['others may write', (spare: string) => fs.mkdirSync(spare, { mode: 0o777 })],
  ['is a link', (spare: string) => fs.symlinkSync(newFolder(), spare)],
])('a spare folder that %s is not used', async (_, make) => {
  const { folder, spare } = blockedFolder();
  make(spare);
  if (!fs.lstatSync(spare).isSymbolicLink()) fs.chmodSync(spare, 0o777);
  const { lists, events } = await keep({ vpn: { file: createListFile('1.2.3.4\n').file } }, folder);
  expect(has(lists.lookup('vpn'), '1.2.3.4')).toBeUndefined();
  expect(events).toEqual([expect.objectContaining({ event: 'list-failed' }), named('list-unknown')]);
  expect(fs.readdirSync(spare)).toEqual([]);
});
