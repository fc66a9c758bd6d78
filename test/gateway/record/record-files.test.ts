// The record on the disk: bounded in size and age, and no concern of logins when the disk is full.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RecordFiles, recordFiles, recordFolder } from '../../../gateway/record/record-files.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { mountSmallDisk } from '../../support/gateway/small-disk.ts';
import { RIGHT, startLimitedApp } from '../../support/gateway/state/limited-app.ts';
import { stateFolder } from '../../support/gateway/state/states.ts';

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const BOUNDS = { maxBytes: MIB, hours: 2, maxPerSecond: 100 };
const LINE_BYTES = 8_192;
const lineOf = (i: number): string => `${i} `.padEnd(LINE_BYTES - 1, 'x');

function openFiles(home = stateFolder()) {
  const events: ServerEvent[] = [];
  const files = new RecordFiles(home, BOUNDS, (event) => events.push(event));
  onTestFinished(() => files.close());
  const all = () => recordFiles(recordFolder(home));
  const bytes = () => all().reduce((sum, file) => sum + fs.statSync(file).size, 0);
  const text = () =>
    all()
      .map((file) => fs.readFileSync(file, 'utf8'))
      .join('');
  return { home, files, events, all, bytes, text };
}

describe('the record', () => {
  test('is never larger than it may be, and loses its oldest part', async () => {
    const { files, bytes, text, all, events } = openFiles();
    for (let i = 0; i < 640; i++) {
      files.append([lineOf(i)]);
      // Some come one by one, some many at once.
      if (i < 320 || i % 50 === 0) await files.written();
      expect(bytes()).toBeLessThanOrEqual(MIB);
    }
    await files.written();
    expect(bytes()).toBeLessThanOrEqual(MIB);
    const kept = text()
      .split('\n')
      .slice(0, -1)
      .map((line) => Number.parseInt(line, 10));
    expect(kept.at(-1)).toBe(639);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 640 - kept.length + i));
    expect(kept.length * LINE_BYTES).toBeGreaterThan((MIB * 3) / 4);
    expect(all().length).toBeLessThanOrEqual(17);
    expect(events).toEqual([]);
  });

  test('loses what is too old, also what a gateway before it left', async () => {
    const { home, files, all } = openFiles();
    files.append([lineOf(1)]);
    await files.close();
    const [old] = all();
    const at = (Date.now() - 3 * HOUR_MS) / 1_000;
    fs.utimesSync(old as string, at, at);
    fs.writeFileSync(path.join(recordFolder(home), 'notes.txt'), 'of somebody');
    const { files: again, text } = openFiles(home);
    expect(all()).toEqual([]);
    again.append([lineOf(2)]);
    await again.written();
    expect(text()).toMatch(/^2 x/);
    expect(fs.existsSync(path.join(recordFolder(home), 'notes.txt'))).toBe(true);
  });

  test('that cannot be written is told once, and goes on when it can', async () => {
    const { home, files, events, text } = openFiles();
    fs.writeFileSync(recordFolder(home), 'a file in its place');
    for (let i = 0; i < 5; i++) {
      files.append([lineOf(i)]);
      await files.written();
    }
    expect(events).toEqual([expect.objectContaining({ event: 'record-failed', code: expect.any(String) })]);
    fs.rmSync(recordFolder(home));
    files.append([lineOf(5)]);
    await files.written();
    expect(text()).toMatch(/^5 x/);
    expect(events).toHaveLength(1);
  });
});

test('a full disk: logins go on, limits too, and it is told', async ({ skip }) => {
  const disk = mountSmallDisk(4 * MIB);
  if (!disk) return skip('nothing can be mounted');
  const limits = '[{ name: user, by: [username], allow: 3, window: 1m, for: 1h }]';
  const app = await startLimitedApp({ limits, stateDirectory: disk.folder });
  expect((await app.login('ann', RIGHT)).status).toBe(302);
  const codes = (event: string): unknown[] =>
    app.events.filter((each) => each.event === event).map((each) => ('code' in each ? each.code : ''));
  disk.fill();
  for (let i = 0; i < 3; i++) expect((await app.login('eve', 'wrong')).status).toBe(403);
  for (let i = 0; i < 3; i++) expect((await app.login('eve', RIGHT)).status).toBe(429);
  for (let i = 0; i < 3; i++) expect((await app.login('ann', RIGHT)).status).toBe(302);
  await expect.poll(() => codes('record-failed')).toEqual(['ENOSPC']);
  expect(new Set(codes('state-failed'))).toEqual(new Set(['STATE_FULL']));
  expect(codes('request-failed')).toEqual([]);
  disk.empty();
  expect((await app.login('bob', RIGHT)).status).toBe(302);
  expect((await app.login('eve', RIGHT)).status).toBe(429);
  const record = path.join(disk.folder, 'record');
  await expect.poll(() => fs.readFileSync(recordFiles(record).at(-1) ?? '', 'utf8')).toContain('"success"');
});
