// A publish that was interrupted or killed goes on where it was, and trusts nothing that was
// altered meanwhile.

import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDataset } from '../../../store/dataset.ts';
import { RECORD_BYTES, TAG_AT } from '../../../store/run/record.ts';
import { openRun, RUN_MAGIC, runPath } from '../../../store/run/run.ts';
import type { PublishOptions, PublishProgress } from '../../../store/snapshot/publication.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { storeError } from '../../support/errors.ts';
import { program } from '../../support/paths.ts';
import { copyOf, partThread, publishedBytes, publishIn } from '../../support/store/published-bytes.ts';

const PARTS = 16;
/** The time of files that were there before. */
const LONG_AGO = new Date('2001-01-01T00:00:00Z');

let template: MadeDataset;
let published: Map<string, string>;
beforeAll(async () => {
  template = await makeDataset({ pairs: seededPairs(300), published: false });
  template.addSource('second', { pairs: seededPairs(500).slice(200) });
  const copy = copyOf(template);
  await publishIn(copy, template);
  published = publishedBytes(copy);
});
afterAll(() => template.dispose());

/** A copy for each test. */
let made: MadeDataset;
let expected: Map<string, string>;
beforeEach(() => {
  const folder = copyOf(template);
  const dataset = openDataset(folder);
  made = { ...template, folder, dataset };
  expected = published;
});

const leftovers = (): string => path.join(made.folder, 'work', 'publish');
const leftFiles = (ending: string): string[] => fs.readdirSync(leftovers()).filter((name) => name.endsWith(ending));
const isOld = (name: string): boolean => fs.statSync(path.join(leftovers(), name)).mtimeMs === LONG_AGO.getTime();

/** Publishes until this number of parts is finished or taken up. */
async function interrupt(parts: number, more = {}): Promise<void> {
  const abort = new AbortController();
  const onProgress = (): void => {
    if (leftFiles('.note').filter((name) => !name.startsWith('plan')).length >= parts) abort.abort();
  };
  await expect(
    publishIn(made.folder, made, { parts: PARTS, signal: abort.signal, onProgress, ...more }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expect(fs.existsSync(path.join(made.folder, 'CURRENT'))).toBe(false);
  expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual(['publish']);
}

/** @returns the files of bodies that were finished */
function age(): string[] {
  const finished = leftFiles('.note').map((name) => name.replace('.note', '.bodies'));
  for (const name of fs.readdirSync(leftovers())) fs.utimesSync(path.join(leftovers(), name), LONG_AGO, LONG_AGO);
  return finished.filter((name) => !name.startsWith('plan'));
}

async function expectPublished(more = {}): Promise<void> {
  await publishIn(made.folder, made, { parts: PARTS, ...more });
  expect(publishedBytes(made.folder)).toEqual(expected);
  expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
}

function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) as number) ^ 1;
  fs.writeFileSync(file, bytes);
}

describe('an interrupted publish', () => {
  test('goes on with the parts that it has finished', async () => {
    await interrupt(5);
    const finished = age();
    expect(finished).toHaveLength(5);
    await interrupt(9);
    // Those that were taken up were not written again, and neither was the plan.
    expect(leftFiles('.bodies').filter(isOld).sort()).toEqual(finished.sort());
    expect(isOld('plan.note')).toBe(true);
    const seen: (PublishProgress | undefined)[] = [];
    await expectPublished({ onProgress: (progress: PublishProgress) => seen.push(progress) });
    const last = seen.at(-1);
    expect(last?.resumed).toMatchObject({ parts: 9, of: 2 * PARTS });
    expect(last?.records).toBe(last?.totalRecords);
    expect(last?.resumed.records).toBeLessThan((last?.totalRecords ?? 0) / 2);
  });

  test.for<readonly [what: string, alter: () => void]>([
    ['bodies', () => flip(path.join(leftovers(), 'account-002.bodies'), 50)],
    ['bodies that are shorter', () => fs.truncateSync(path.join(leftovers(), 'account-002.bodies'), 100)],
    ['no bodies', () => fs.rmSync(path.join(leftovers(), 'account-002.bodies'))],
    ['blocks of the filter', () => flip(path.join(leftovers(), 'password-001.blocks'), 9)],
    ['a note', () => flip(path.join(leftovers(), 'account-002.note'), 30)],
    ['the seal of a note', () => flip(path.join(leftovers(), 'account-002.note'), -3)],
    ['an empty note', () => fs.truncateSync(path.join(leftovers(), 'account-002.note'), 0)],
    ['the plan', () => flip(path.join(leftovers(), 'plan.note'), 20)],
    [
      'the note and the bodies of another part',
      () => {
        for (const kind of ['note', 'bodies'])
          fs.copyFileSync(path.join(leftovers(), `account-003.${kind}`), path.join(leftovers(), `account-002.${kind}`));
      },
    ],
  ])('does not trust %s that were altered', async ([, alter]) => {
    await interrupt(PARTS + 3);
    alter();
    await expectPublished();
  });

  test('does not trust what a client could have made, where a publisher signs', async () => {
    const signed = await makeDataset({ pairs: seededPairs(3_000), bucketFloor: 1, signed: true, published: false });
    try {
      const copy = copyOf(signed);
      await publishIn(copy, signed, { parts: 1 });
      expected = publishedBytes(copy);
      made = signed;
      await interrupt(1);
      const [note = ''] = leftFiles('.note').filter((name) => name.startsWith('account'));
      const file = path.join(leftovers(), note);
      const [json = ''] = fs.readFileSync(file, 'utf8').split('\n');
      // Other buckets in its files, by the digests that it names.
      const altered = json.replace(/"roots":"[0-9a-f]{4}/, '"roots":"0123');
      expect(altered).not.toBe(json);
      for (const label of ['credveil leftover 2 ', 'credveil leftover 3 ']) {
        const message = `${label}${note.replace('.note', '')}\n${altered}`;
        const mac = createHmac('sha256', signed.suite.sealKey).update(message).digest('hex');
        fs.writeFileSync(file, `${altered}\n${mac}\n`);
        const another = copyOf(signed);
        await publishIn(another, signed, { parts: PARTS });
        expect(publishedBytes(another)).toEqual(expected);
      }
    } finally {
      signed.dispose();
    }
  });

  test('begins anew if a source is gone, or with another number of parts or another program', async () => {
    for (const more of [{ parts: 8 }, { program: '2' }, undefined]) {
      await interrupt(5, { program: '1' });
      age();
      if (!more) fs.rmSync(runPath(made.dataset, 'second'));
      await interrupt(3, { program: '1', ...more });
      expect(leftFiles('.bodies').filter(isOld)).toEqual([]);
    }
    const copy = copyOf(made);
    fs.rmSync(path.join(copy, 'work'), { recursive: true });
    await publishIn(copy, made, { parts: 1 });
    expected = publishedBytes(copy);
    await expectPublished();
  });

  test('of a run that is whole only while it is checked is refused', async () => {
    const run = runPath(made.dataset, 'second');
    const { sections } = openRun(run).facts;
    const records = sections.reduce((sum, section) => sum + section.records, 0);
    // The tag of its last password: every entry is counted, and in its order.
    const alter = (): void => flip(run, RUN_MAGIC.length + (records - 1) * RECORD_BYTES + TAG_AT + 5);
    const stages: string[] = [];
    const onProgress: PublishOptions['onProgress'] = ({ stage, records: done }) => {
      if (done === 0 || stages.includes(stage)) return;
      stages.push(stage);
      alter();
    };
    alter();
    const refused = publishIn(made.folder, made, { parts: PARTS, onProgress });
    await expect(refused).rejects.toThrow(storeError('RUN_CORRUPT'));
    expect(stages).toEqual(['count']);
  });

  test('leaves nothing after an error', async () => {
    flip(runPath(made.dataset, 'second'), 40);
    await expect(publishIn(made.folder, made, { parts: PARTS })).rejects.toThrow(storeError('RUN_CORRUPT'));
    expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
  });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Publishes in another process, whose disk or life fails as failing-disk.ts says. */
async function publishWith(fault: string, threads: number): Promise<Ended> {
  const args = ['--import', program('failing-disk.ts'), program('publish-parts.ts')];
  const child = spawn(process.execPath, [...args, made.folder, String(PARTS), String(threads)], {
    env: { ...process.env, CREDVEIL_FAULT: fault },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (block) => {
    stderr += String(block);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr };
}

describe('a publish in another process', () => {
  test.each([1, 2])('goes on after it was killed, on %i threads', async (threads) => {
    expect(await publishWith('kill 15', threads)).toMatchObject({ signal: 'SIGKILL' });
    expect(fs.existsSync(path.join(made.folder, 'CURRENT'))).toBe(false);
    expect(leftFiles('.note').length).toBeGreaterThan(1);
    await expectPublished();
  });

  test('names the error of a full disk, and leaves nothing there', async () => {
    const { code, stderr } = await publishWith('ENOSPC 12', 2);
    expect([code, stderr.trim()]).toEqual([1, 'ENOSPC']);
    expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
    expect(fs.existsSync(path.join(made.folder, 'CURRENT'))).toBe(false);
  });

  test('takes short writes for what they are', async () => {
    expect(await publishWith('short 0', 2)).toMatchObject({ code: 0 });
    expect(publishedBytes(made.folder)).toEqual(expected);
  });
});

describe('the threads of a publish', () => {
  const threads = { count: 2, module: partThread };

  test('pass on why they refuse a run', async () => {
    const run = runPath(made.dataset, 'second');
    flip(run, 40);
    await expect(publishIn(made.folder, made, { parts: PARTS, threads })).rejects.toMatchObject({
      ...{ name: 'StoreError', code: 'RUN_CORRUPT', message: expect.stringContaining(run) },
      hint: expect.stringContaining('ingest its source again'),
    });
    expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
  });

  test('keep nothing that was made of runs before these were checked', async () => {
    const run = runPath(made.dataset, 'second');
    const module = new URL('../../support/programs/late-check-thread.ts', import.meta.url);
    // How often something leaked, which no count tells.
    const at = RUN_MAGIC.length + RECORD_BYTES - 1;
    flip(run, at);
    const refused = publishIn(made.folder, made, { parts: PARTS, threads: { count: 2, module } });
    await expect(refused).rejects.toThrow(storeError('RUN_CORRUPT'));
    const kept = `${made.folder}-kept`;
    expect(fs.readdirSync(kept)).toEqual(expect.arrayContaining(['plan.note', 'account-013.bodies']));
    // Who may write there puts both back as they were.
    flip(run, at);
    fs.cpSync(kept, leftovers(), { recursive: true });
    await expectPublished();
  });

  test('that end early end the publish with a name', async () => {
    const module = new URL('../../support/programs/ending-thread.ts', import.meta.url);
    const ending = publishIn(made.folder, made, { parts: PARTS, threads: { count: 2, module } });
    await expect(ending).rejects.toThrow(storeError('THREAD_ENDED'));
    expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
  });

  test('stop when they are told to', async () => {
    const abort = new AbortController();
    abort.abort();
    const stopped = publishIn(made.folder, made, { parts: PARTS, threads, signal: abort.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    await expectPublished({ threads });
  });
});
