// A publish that is killed between two of its last files. The next one finishes it, or takes its
// place, and withdraws nothing that was not withdrawn before.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { currentFile, openDataset, snapshotsFolder } from '../../store/dataset.ts';
import { runPath } from '../../store/run/run.ts';
import { openCurrent, writeCurrent } from '../../store/snapshot/current.ts';
import { type Published, publish } from '../../store/snapshot/publish.ts';
import { readStatement } from '../../store/snapshot/statement-files.ts';
import { verifyDataset } from '../../store/verify.ts';
import { credveil, startCredveil } from '../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { program } from '../support/paths.ts';
import { copyOf } from '../support/store/published-bytes.ts';

const [OLD, NEW, NEXT] = ['000001', '000002', '000003'] as const;
/** From before the rename of the facts to after that of CURRENT. */
const LAST_CALLS = 8;

const opened: MadeDataset[] = [];
afterEach(() => {
  for (const made of opened.splice(0)) made.dispose();
});

async function open(signed = false): Promise<MadeDataset> {
  const made = await makeDataset({ pairs: seededPairs(300), signed });
  opened.push(made);
  return made;
}

const addSecond = (made: MadeDataset): void => made.addSource('second', { pairs: seededPairs(3, 2) });

type Opened = Pick<MadeDataset, 'dataset' | 'suite'> & Partial<Pick<MadeDataset, 'publisher'>>;

const publishAgain = ({ dataset, suite, publisher }: Opened): Promise<Published> =>
  publish(dataset, suite, { ...(publisher && { publisher }) });

const fileOf = ({ dataset }: Opened, name: string, ending: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.${ending}`);

const lowest = ({ dataset }: Opened, name: string): number => readStatement(dataset, name).statement.minSequence;

/** The facts with sources that name no run. */
function withoutDigests(bytes: Buffer): string {
  const facts = JSON.parse(String(bytes)) as { sources: object[] };
  return JSON.stringify({ ...facts, sources: facts.sources.map((source) => ({ ...source, sha256: 1 })) });
}

/** What a kill before the last rename leaves: all but the name in CURRENT. @returns its id */
async function leaveUnnamed(made: MadeDataset, change: (made: MadeDataset) => void = addSecond): Promise<string> {
  const before = fs.readFileSync(currentFile(made.dataset));
  change(made);
  const { facts } = await publishAgain(made);
  fs.writeFileSync(currentFile(made.dataset), before);
  return facts.snapshot;
}

function keyFileOf(made: MadeDataset): string {
  const file = path.join(made.folder, '..', 'dataset.key');
  fs.writeFileSync(file, `${made.key.revealText()}\n`, { mode: 0o600 });
  return file;
}

test('killed at each of its last calls, it is finished and nothing is withdrawn', { timeout: 0 }, async () => {
  const made = await open();
  addSecond(made);
  /** A copy of it, with a publish that is killed after so many calls. */
  const copyKilled = async (calls: number): Promise<{ isKilled: boolean; copy: Opened }> => {
    const folder = copyOf(made);
    const env = { ...process.env, CREDVEIL_FAULT: `kill ${calls}` };
    const { child, ended } = startCredveil([folder, '1', '1'], {
      node: ['--import', program('failing-disk.ts')],
      program: { node: process.execPath, bin: program('publish-parts.ts') },
      env,
    });
    await ended;
    return { isKilled: child.signalCode === 'SIGKILL', copy: { dataset: openDataset(folder), suite: made.suite } };
  };
  let [killed, whole] = [0, 256];
  while (whole - killed > 1) {
    const middle = (killed + whole) >> 1;
    if ((await copyKilled(middle)).isKilled) killed = middle;
    else whole = middle;
  }
  const states = new Set<string>();
  for (let calls = whole - LAST_CALLS; calls < whole; calls++) {
    const { isKilled, copy } = await copyKilled(calls);
    expect(isKilled).toBe(true);
    const isWhole = fs.existsSync(fileOf(copy, NEW, 'json'));
    const isNamed = openCurrent(copy.dataset)?.name === NEW;
    const next = await publishAgain(copy);
    expect(next).toMatchObject({ head: { sequence: 2 }, withdrawn: false });
    expect(lowest(copy, NEW)).toBe(1);
    expect(await verifyDataset(copy.dataset, copy.suite)).toMatchObject({ matched: true });
    expect((await publishAgain(copy)).changed).toBe(false);
    expect(next.unnamed !== undefined).toBe(isWhole && !isNamed);
    states.add(`${isWhole} ${isNamed}`);
  }
  expect([...states]).toEqual(['false false', 'true false', 'true true']);
});

test('the command says what it found', async () => {
  const made = await open();
  const args = ['publish', made.folder, '--key-file', keyFileOf(made)];
  await leaveUnnamed(made);
  expect(await credveil([...args, '--renew'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('If no publish was stopped'),
  });
  const finished = await credveil(args);
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(finished.stdout).toContain('stopped before it was current, or CURRENT was set back: it is now');
  expect(finished.stdout).not.toContain('withdrawn');
  const unnamed = await leaveUnnamed(made, () => made.addSource('third', { pairs: seededPairs(3, 3) }));
  made.addSource('fourth', { pairs: seededPairs(3, 4) });
  const { stdout } = await credveil(args);
  expect(stdout).toContain(`stopped before ${unnamed} was current, or CURRENT was set back: this one takes its place`);
  expect(stdout).not.toContain('withdrawn');
});

describe.each([false, true])('signed: %s', (signed) => {
  test('with a further source, another snapshot takes its place', async () => {
    const made = await open(signed);
    const unnamed = await leaveUnnamed(made);
    made.addSource('third', { pairs: seededPairs(3, 3) });
    const next = await publishAgain(made);
    expect(next).toMatchObject({ changed: true, head: { sequence: 3 }, unnamed, withdrawn: false });
    expect(lowest(made, NEXT)).toBe(1);
    expect(fs.existsSync(fileOf(made, OLD, 'json')), 'what was answered is kept').toBe(true);
    expect(fs.existsSync(fileOf(made, NEW, 'json'))).toBe(false);
  });

  test('what it withdraws is withdrawn when it is finished', async () => {
    const made = await open(signed);
    addSecond(made);
    await publishAgain(made);
    const unnamed = await leaveUnnamed(made, () => fs.rmSync(runPath(made.dataset, 'second')));
    expect(await publishAgain(made)).toMatchObject({ head: { sequence: 3 }, unnamed, withdrawn: true });
    expect(lowest(made, NEXT)).toBe(3);
  });

  test('it is withdrawn if a source of it is gone', async () => {
    const made = await open(signed);
    const unnamed = await leaveUnnamed(made);
    fs.rmSync(runPath(made.dataset, 'second'));
    expect(await publishAgain(made)).toMatchObject({ head: { sequence: 3 }, unnamed, withdrawn: true });
    expect(lowest(made, NEXT)).toBe(3);
    expect(openCurrent(made.dataset)?.facts.sources.map(({ name }) => name)).toEqual(['first']);
  });

  test('current facts with sources that name no run are refused', async () => {
    const made = await open(signed);
    addSecond(made);
    fs.writeFileSync(fileOf(made, OLD, 'json'), withoutDigests(fs.readFileSync(fileOf(made, OLD, 'json'))));
    writeCurrent(made.dataset, OLD);
    await expect(publishAgain(made)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
  });

  test('what cannot be read now is named, and nothing is withdrawn', async () => {
    const made = await open(signed);
    await leaveUnnamed(made);
    const file = fileOf(made, NEW, 'account');
    fs.renameSync(file, `${file}.aside`);
    // The system has an error of its own for it.
    fs.symlinkSync(path.basename(file), file);
    await expect(publishAgain(made)).rejects.toMatchObject({ cause: { code: 'ELOOP' } });
    expect(openCurrent(made.dataset)?.name).toBe(OLD);
    fs.renameSync(`${file}.aside`, file);
    expect(await publishAgain(made)).toMatchObject({ head: { sequence: 2 }, withdrawn: false });
  });

  test('one of a copy that has not withdrawn the same is not finished', async () => {
    const made = await open(signed);
    addSecond(made);
    await publishAgain(made);
    const folder = copyOf(made);
    const copy = { ...made, folder, dataset: openDataset(folder) };
    fs.rmSync(runPath(made.dataset, 'second'));
    await publishAgain(made);
    expect(lowest(made, NEXT)).toBe(3);
    for (const source of ['third', 'fourth']) {
      made.addSource(source, { pairs: seededPairs(3, source.length) });
      fs.copyFileSync(runPath(made.dataset, source), runPath(copy.dataset, source));
      await publishAgain(copy);
    }
    for (const name of fs.readdirSync(snapshotsFolder(copy.dataset)).filter((file) => file.startsWith('000004.')))
      fs.copyFileSync(path.join(snapshotsFolder(copy.dataset), name), path.join(snapshotsFolder(made.dataset), name));
    expect(lowest(made, '000004')).toBe(1);
    expect(await publishAgain(made)).toMatchObject({ head: { sequence: 5 }, withdrawn: true });
    expect(lowest(made, '000005')).toBe(5);
  });

  test.each([
    ['the facts of it', NEW, 'json', (bytes: Buffer) => JSON.stringify({ ...JSON.parse(String(bytes)), sources: [] })],
    ['the length of its buckets', NEW, 'account', (bytes: Buffer) => bytes.subarray(1)],
    ['a byte of its buckets', NEW, 'account', (bytes: Buffer) => bytes.with(100, (bytes[100] ?? 0) ^ 1)],
    ['a digest in its facts', NEW, 'json', (bytes: Buffer) => withoutDigests(bytes)],
    ['the facts before', OLD, 'json', (bytes: Buffer) => JSON.stringify({ ...JSON.parse(String(bytes)), sources: [] })],
  ])('with %s altered it is not finished, and all before is withdrawn', async (_, name, ending, change) => {
    const made = await open(signed);
    await leaveUnnamed(made);
    const file = fileOf(made, name, ending);
    fs.writeFileSync(file, change(fs.readFileSync(file)));
    writeCurrent(made.dataset, OLD);
    const next = await publishAgain(made);
    expect(next).toMatchObject({ head: { sequence: 3 }, withdrawn: true });
    expect(next.unnamed).toBeUndefined();
    expect(lowest(made, NEXT)).toBe(3);
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
  });
});
