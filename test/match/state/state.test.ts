// The state of a match: private, sealed, tied to its job, and whole after any interruption.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { readSpool, SpoolWriter } from '../../../match/state/spool.ts';
import { MatchState } from '../../../match/state/state-folder.ts';
import { createRandom } from '../../support/random.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const key = randomBytes(32);

function spooled(file: string, count: number): [number, number, string][] {
  const random = createRandom(1);
  const writer = new SpoolWriter(file, key);
  const all = Array.from({ length: count }, (_, i): [number, number, string] => [
    random.below(2 ** 32),
    random.below(65_536),
    `password${i}${'x'.repeat(random.below(100))}`,
  ]);
  for (const [account, source, password] of all) writer.add(account, source, Buffer.from(password));
  writer.finish();
  return all;
}

describe('the spool', () => {
  test('returns candidates in their order, of several frames', ({ place }) => {
    const file = place.at('candidates');
    const all = spooled(file, 5000);
    const read = [...readSpool(file, key, 5000)];
    expect(read.map(({ account, source, password }) => [account, source, password.toString()])).toEqual(all);
    expect(read.map(({ sequence }) => sequence)).toEqual(all.map((_, i) => i));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  test('may be empty, and holds the longest password', ({ place }) => {
    const file = place.at('candidates');
    expect(spooled(file, 0)).toEqual([...readSpool(file, key, 0)]);
    const writer = new SpoolWriter(file, key);
    writer.add(1, 2, Buffer.alloc(4096, 'x'));
    writer.finish();
    expect([...readSpool(file, key, 1)][0]?.password.length).toBe(4096);
  });

  test('returns the second turn after the first', ({ place }) => {
    const file = place.at('candidates');
    const writer = new SpoolWriter(file, key);
    for (let i = 0; i < 9000; i++) writer.add(i, 0, Buffer.from(`password${i}`), i % 3 === 0 ? 1 : 0);
    writer.finish();
    const accounts = [...readSpool(file, key, 9000)].map(({ account }) => account);
    const all = Array.from({ length: 9000 }, (_, i) => i);
    expect(accounts).toEqual([...all.filter((i) => i % 3 !== 0), ...all.filter((i) => i % 3 === 0)]);
  });

  test('shows no password, and opens with its key alone', ({ place }) => {
    const file = place.at('candidates');
    spooled(file, 100);
    expect(fs.readFileSync(file).includes('password')).toBe(false);
    expect(() => [...readSpool(file, randomBytes(32), 100)]).toThrow(
      expect.objectContaining({ code: 'STATE_CORRUPT' }),
    );
  });

  test('that was altered or cut off anywhere is refused, and so is one that is missing', ({ place }) => {
    const file = place.at('candidates');
    spooled(file, 2000);
    const bytes = fs.readFileSync(file);
    for (const at of [0, 3, 4, 20, 1000, bytes.length - 1]) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] as number) ^ 1;
      fs.writeFileSync(file, altered);
      expect(() => [...readSpool(file, key, 2000)]).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    }
    // Frames cannot change places.
    const first = 5 + bytes.readUInt32LE(1);
    const second = first + 5 + bytes.readUInt32LE(first + 1);
    fs.writeFileSync(
      file,
      Buffer.concat([bytes.subarray(first, second), bytes.subarray(0, first), bytes.subarray(second)]),
    );
    expect(() => [...readSpool(file, key, 2000)]).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    // And none another turn.
    for (const turn of [1, 2]) {
      const moved = Buffer.from(bytes);
      moved[first] = turn;
      fs.writeFileSync(file, moved);
      expect(() => [...readSpool(file, key, 2000)]).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    }
    for (const end of [0, 2, first, second]) {
      fs.writeFileSync(file, bytes.subarray(0, end));
      expect(() => [...readSpool(file, key, 2000)]).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
    }
    fs.rmSync(file);
    expect(() => [...readSpool(file, key, 2000)]).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });
});

describe('the state folder', () => {
  const secret = Buffer.from('digest of the user table');
  const job = { files: ['a'], similar: false };
  const SCANNED = { scanned: {}, leftOut: [] };
  const hits = [{ account: 1, source: 0, sequence: 5 }];

  test('goes on with the same job, and starts over with another', ({ place }) => {
    const folder = place.at('state');
    const first = MatchState.open(folder, secret, job);
    first.append({ scanned: { candidates: 10 }, leftOut: [] });
    first.append({ pass: 'exact', from: 0, to: 6, hits });
    first.close();
    const second = MatchState.open(folder, secret, job);
    expect(second.hasReplaced).toBe(false);
    expect(second.key).toEqual(first.key);
    expect(second.earlier).toEqual([
      { scanned: { candidates: 10 }, leftOut: [] },
      { pass: 'exact', from: 0, to: 6, hits },
    ]);
    second.close();
    for (const [other, otherJob] of [
      [Buffer.from('digest of another table'), job],
      [secret, { ...job, similar: true }],
    ] as const) {
      const state = MatchState.open(folder, other, otherJob);
      expect([state.earlier, state.hasReplaced, state.isEmpty]).toEqual([[], true, true]);
      expect(state.key).not.toEqual(first.key);
      state.append(SCANNED);
      state.close();
    }
  });

  test('forgets a line that was not finished, and writes the next one whole', ({ place }) => {
    const folder = place.at('state');
    const first = MatchState.open(folder, secret, job);
    first.append(SCANNED);
    first.close();
    fs.appendFileSync(path.join(folder, 'journal'), '{"pass":"exact","from":0,');
    const second = MatchState.open(folder, secret, job);
    expect(second.earlier).toEqual([SCANNED]);
    second.append({ pass: 'exact', from: 0, to: 1, hits: [] });
    second.close();
    const third = MatchState.open(folder, secret, job);
    expect(third.earlier).toHaveLength(2);
    third.discard();
    expect(fs.existsSync(folder)).toBe(false);
  });

  test('whose journal was altered is refused: lines changed, made up, moved, doubled or left out', ({ place }) => {
    const folder = place.at('state');
    const journal = path.join(folder, 'journal');
    const first = MatchState.open(folder, secret, job);
    first.append(SCANNED);
    for (let from = 0; from < 3; from++) first.append({ pass: 'exact', from, to: from + 1, hits });
    first.close();
    const whole = fs.readFileSync(journal, 'utf8');
    const [scanned = '', one = '', two = '', three = ''] = whole.split('\n');
    const made = '{"pass":"exact","from":0,"to":60,"hits":[]}';
    for (const lines of [
      [made],
      [scanned, `${one.slice(0, 65)}${made}`],
      [scanned, one.replace('"sequence":5', '"sequence":6'), two],
      [scanned, two, one],
      [scanned, one, one],
      [scanned, three],
      [one],
      [scanned, '', one],
      [scanned, 'nonsense'],
    ]) {
      fs.writeFileSync(journal, `${lines.join('\n')}\n`);
      for (let i = 0; i < 2; i++)
        expect(() => MatchState.open(folder, secret, job), lines.join()).toThrow(
          expect.objectContaining({ code: 'STATE_CORRUPT' }),
        );
    }
    // One that was cut off, as by a power failure, is what had been settled before.
    fs.writeFileSync(journal, `${scanned}\n${one}\n${two}`);
    const cut = MatchState.open(folder, secret, job);
    expect(cut.earlier).toHaveLength(2);
    cut.append({ pass: 'exact', from: 1, to: 2, hits });
    cut.close();
    expect(MatchState.open(folder, secret, job).earlier).toHaveLength(3);
  });

  test('whose journal is of another job of the same users is refused', ({ place }) => {
    const [folder, other] = [place.at('state'), place.at('other')];
    for (const [at, similar] of [
      [folder, false],
      [other, true],
    ] as const) {
      const state = MatchState.open(at, secret, { ...job, similar });
      state.append(SCANNED);
      state.close();
    }
    fs.copyFileSync(path.join(other, 'journal'), path.join(folder, 'journal'));
    expect(() => MatchState.open(folder, secret, job)).toThrow(expect.objectContaining({ code: 'STATE_CORRUPT' }));
  });

  test.for([0o777, 0o770, 0o755, 0o701])('that others may enter is refused (mode %o)', (mode, { place }) => {
    const folder = place.at('state');
    fs.mkdirSync(folder);
    fs.chmodSync(folder, mode);
    expect(() => MatchState.open(folder, secret, job)).toThrow(
      expect.objectContaining({ code: 'STATE_UNUSABLE', message: expect.stringContaining(mode.toString(8)) }),
    );
    expect(fs.readdirSync(folder)).toEqual([]);
    fs.chmodSync(folder, 0o700);
    MatchState.open(folder, secret, job).close();
  });

  test("is its user's alone, and is one process's at a time", ({ place }) => {
    const folder = place.at('state');
    const state = MatchState.open(folder, secret, job);
    new SpoolWriter(state.spoolFile, state.key).finish();
    state.append(SCANNED);
    expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of fs.readdirSync(folder))
      expect(fs.statSync(path.join(folder, name)).mode & 0o777, name).toBe(0o600);
    expect(() => MatchState.open(folder, secret, job)).toThrow(expect.objectContaining({ code: 'STATE_BUSY' }));
    state.close();
  });

  test('is never a folder of something else', ({ place }) => {
    place.write('file', '');
    fs.mkdirSync(place.at('folder'));
    place.write('folder/thesis.txt', 'years of work');
    for (const name of ['file', 'folder'])
      expect(() => MatchState.open(place.at(name), secret, job)).toThrow(
        expect.objectContaining({ code: 'STATE_UNUSABLE' }),
      );
    expect(fs.readdirSync(place.at('folder'))).toEqual(['thesis.txt']);
  });

  test('with a damaged job file starts over', ({ place }) => {
    const folder = place.at('state');
    MatchState.open(folder, secret, job).close();
    for (const text of ['', '{', '[]', 'null', '{"version":1,"salt":"zz","check":"x"}']) {
      fs.writeFileSync(path.join(folder, 'job.json'), text);
      const state = MatchState.open(folder, secret, job);
      expect(state.earlier).toEqual([]);
      state.close();
    }
  });
});
