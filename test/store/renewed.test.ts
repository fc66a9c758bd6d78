// A publish of what is current already signs a head for it: only if the statement that CURRENT
// names is that of these runs, and the newest. Who may write the folder, and holds no key, gets no
// head for an earlier one.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { currentFile, snapshotsFolder } from '../../store/dataset.ts';
import { runPath } from '../../store/run/run.ts';
import { readCurrent, writeCurrent } from '../../store/snapshot/current.ts';
import { type Published, publish } from '../../store/snapshot/publish.ts';
import { readStatement } from '../../store/snapshot/statement-files.ts';
import { verifyDataset } from '../../store/verify.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { serve } from '../support/store/layer-histories.ts';

const [OLD, NEW, NEXT] = ['000001', '000002', '000003'] as const;
const LATE = seededPairs(3, 2);

const opened: MadeDataset[] = [];
afterEach(() => {
  for (const made of opened.splice(0)) made.dispose();
});

/** Of two snapshots, the second with pairs that the first does not have. */
async function open(signed: boolean): Promise<MadeDataset> {
  const made = await makeDataset({ pairs: seededPairs(300), signed });
  opened.push(made);
  made.addSource('second', { pairs: LATE });
  await made.publish();
  return made;
}

const factsFile = ({ dataset }: MadeDataset, name: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.json`);
const readFacts = (made: MadeDataset, name: string) => JSON.parse(fs.readFileSync(factsFile(made, name), 'utf8'));

/** What anybody can do who may write the folder: CURRENT vouches for facts by a digest alone. */
function writeFacts(made: MadeDataset, name: string, facts: object): void {
  fs.writeFileSync(factsFile(made, name), JSON.stringify(facts));
  writeCurrent(made.dataset, name);
}

const publishAgain = (made: MadeDataset, more = {}): Promise<Published> =>
  publish(made.dataset, made.suite, { ...(made.publisher && { publisher: made.publisher }), ...more });

/** Of an earlier snapshot, with what tells which runs the newest was made of. */
function forge(made: MadeDataset): void {
  const { layer, sources } = readFacts(made, NEW);
  writeFacts(made, OLD, { ...readFacts(made, OLD), layer, sources });
}

describe.each([false, true])('signed: %s', (signed) => {
  test('facts that say of an earlier snapshot that it has all runs get no head for it', async () => {
    const made = await open(signed);
    forge(made);
    const { changed, head, facts } = await publishAgain(made);
    expect([changed, head.sequence, facts.snapshot.slice(0, 6)]).toEqual([true, 3, NEXT]);
    expect(readStatement(made.dataset, NEXT).statement).toMatchObject({ sequence: 3, minSequence: 3 });
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
    const served = await serve(made);
    for (const pair of LATE) expect((await served.leaks.check(pair)).status).toBe('pair');
    await served.close();
  });

  test('nor are they kept for added sources', async () => {
    const made = await open(signed);
    forge(made);
    const before = readCurrent(made.dataset);
    await expect(publishAgain(made, { delta: true })).rejects.toMatchObject({ code: 'DELTA_REFUSED' });
    expect(readCurrent(made.dataset)).toBe(before);
  });

  test('facts whose sources are not those of the statement are written anew', async () => {
    const made = await open(signed);
    const facts = readFacts(made, NEW);
    writeFacts(made, NEW, { ...facts, sources: [{ ...facts.sources[0], date: '2001-01' }, ...facts.sources.slice(1)] });
    made.addSource('third', { pairs: seededPairs(3, 3) });
    const delta = publishAgain(made, { delta: true });
    await expect(delta, 'nor kept for added sources').rejects.toMatchObject({ code: 'DELTA_REFUSED' });
    expect(await publishAgain(made)).toMatchObject({ changed: true, head: { sequence: 3 } });
    expect(await publishAgain(made), 'and renewed from then on').toMatchObject({
      changed: false,
      head: { sequence: 3 },
    });
  });

  test('an earlier snapshot of the same runs gets a number above all', async () => {
    const made = await open(signed);
    fs.rmSync(runPath(made.dataset, 'second'));
    writeCurrent(made.dataset, OLD);
    await expect(publishAgain(made, { delta: true })).rejects.toMatchObject({ code: 'DELTA_REFUSED' });
    const { changed, head } = await publishAgain(made);
    expect([changed, head.sequence]).toEqual([true, 3]);
    expect(readStatement(made.dataset, NEXT).statement.minSequence, 'a run of the later one is gone').toBe(3);
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
  });

  test('a removed source is withdrawn, whatever the facts say of its run', async () => {
    const made = await open(signed);
    const facts = readFacts(made, NEW);
    const [first, second] = facts.sources;
    writeFacts(made, NEW, { ...facts, sources: [first, { ...second, sha256: first.sha256 }] });
    fs.rmSync(runPath(made.dataset, 'second'));
    expect((await publishAgain(made)).head.sequence).toBe(3);
    expect(readStatement(made.dataset, NEXT).statement.minSequence).toBe(3);
  });

  test('files that have the names of later snapshots, and no statement, count for nothing', async () => {
    const made = await open(signed);
    for (const name of ['999999999998', '999999999999']) {
      fs.writeFileSync(factsFile(made, name), '');
      const statement = path.join(snapshotsFolder(made.dataset), `${NEW}.statement`);
      fs.copyFileSync(statement, statement.replace(NEW, name));
    }
    expect(await publishAgain(made)).toMatchObject({ changed: false, head: { sequence: 2 } });
    made.addSource('third', { pairs: seededPairs(3, 3) });
    fs.writeFileSync(factsFile(made, NEXT), '');
    expect((await publishAgain(made)).head.sequence).toBe(4);
    expect(readStatement(made.dataset, '000004').statement, 'all of it is known').toMatchObject({ minSequence: 1 });
  });

  test('without CURRENT, snapshots of before stay withdrawn', async () => {
    const made = await open(signed);
    fs.rmSync(runPath(made.dataset, 'second'));
    fs.rmSync(currentFile(made.dataset));
    expect((await publishAgain(made)).head.sequence).toBe(3);
    expect(readStatement(made.dataset, NEXT).statement.minSequence, 'what others contain is not told').toBe(3);
  });

  test('the statement of a later snapshot under the name of an earlier one is not renewed', async () => {
    const made = await open(signed);
    for (const ending of ['statement', 'head'])
      fs.renameSync(
        path.join(snapshotsFolder(made.dataset), `${NEW}.${ending}`),
        path.join(snapshotsFolder(made.dataset), `${OLD}.${ending}`),
      );
    fs.rmSync(factsFile(made, NEW));
    writeCurrent(made.dataset, OLD);
    expect((await publishAgain(made)).head.sequence).toBe(3);
  });
});
