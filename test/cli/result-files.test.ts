// The files of results: none replaces another one, one of somebody else, or what the command keeps.

import fs from 'node:fs';
import { afterEach, describe, expect, vi } from 'vitest';
import { assertDistinctFiles } from '../../cli/match/distinct-files.ts';
import { assertNewFiles, writeResult } from '../../cli/match/result-files.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { COLUMNS, createWorld } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const thrownBy = (work: () => void): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('two files of a command', () => {
  const clash = (first: string, second: string) =>
    thrownBy(() => assertDistinctFiles([{ option: '--out', file: first }], [{ option: '--state', file: second }]));

  test('are distinct if they are, whether they exist or not', ({ place }) => {
    place.write('there', '');
    for (const name of ['there', 'other', 'out.part', 'none/out'])
      expect(clash(place.at('out'), place.at(name)), name).toBeUndefined();
  });

  test('are refused if one of them is the other in another spelling', ({ place }) => {
    const out = place.at('out');
    fs.mkdirSync(place.at('folder'));
    fs.symlinkSync('folder', place.at('link-to-folder'));
    fs.symlinkSync('out', place.at('dangling'));
    fs.symlinkSync('dangling', place.at('dangling-twice'));
    const pairs = [
      [out, out],
      [out, `${place.at('folder')}/../out`],
      [out, place.at('dangling-twice')],
      [out, `${out}.credveil-part`],
      [place.at('folder/out'), place.at('link-to-folder/out')],
      // In a folder that the command makes and deletes.
      [place.at('state/out'), place.at('state')],
    ] as const;
    const message = '--out and --state name the same file';
    for (const [first, second] of pairs) {
      expect(clash(first, second), second).toMatchObject({ code: 'USAGE', message });
      expect(clash(second, first), second).toMatchObject({ code: 'USAGE', message });
    }
    place.write('out', '');
    fs.linkSync(out, place.at('hard'));
    fs.symlinkSync('out', place.at('soft'));
    for (const name of ['hard', 'soft']) expect(clash(out, place.at(name)), name).toMatchObject({ code: 'USAGE' });
  });
});

describe('a file of results', () => {
  test('must be new, links and files aside included, unless a killed process was writing it', ({ place }) => {
    fs.symlinkSync('nowhere', place.at('link'));
    fs.mkdirSync(place.at('folder'));
    fs.mkdirSync(place.at('aside.credveil-part'));
    place.write('there', '');
    const started = ['link', 'folder'].map((name) => place.at(name));
    for (const name of ['link', 'folder', 'aside', 'there'])
      expect(
        thrownBy(() => assertNewFiles({ out: place.at(name) }, started)),
        name,
      ).toMatchObject({
        code: 'OUTPUT_EXISTS',
      });
    assertNewFiles({ unchecked: place.at('there') }, [place.at('there')]);
    // What a killed process left aside goes, and a file of another name stays.
    place.write('cut.credveil-part', 'account,');
    place.write('cut.part', 'years of work');
    assertNewFiles({ out: place.at('cut') });
    expect(fs.readdirSync(place.home).filter((name) => name.startsWith('cut'))).toEqual(['cut.part']);
  });

  test('must be writable before the work', async ({ place }) => {
    place.write('file', '');
    const { users, corpora } = createWorld(place, { accounts: 6 });
    for (const name of ['none/out.csv', 'file/out.csv', 'x'.repeat(254)]) {
      expect(thrownBy(() => assertNewFiles({ unchecked: place.at(name) }))).toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
      });
    }
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const { code, stdout, stderr } = await credveil(['match', ...args, '--out', place.at('none/out.csv')]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error OUTPUT_UNWRITABLE: .*out\.csv: its folder does not exist\n.*\n$/);
  });

  test('is neither of the two, a sink, the outbox nor the state: match and watch open refuse it', async ({ place }) => {
    const out = place.at('out');
    const same = `${place.home}/./out`;
    const match = ['match', place.at('users.csv'), '--columns', COLUMNS, '--against', place.at('leak')];
    const watch = ['watch', 'open', place.at('tags'), '--key', place.at('key'), '--data', place.at('data')];
    for (const [command, more, other] of [
      [match, ['--unchecked', same], '--unchecked'],
      [match, ['--notify', `ecs:${same}`], '--notify'],
      [match, ['--notify', `ecs:${place.at('log')}`, '--outbox-file', same], '--outbox-file'],
      [watch, ['--unchecked', same], '--unchecked'],
      [watch, ['--state', same], '--state'],
    ] as const) {
      const { code, stderr } = await credveil([...command, '--out', out, ...more]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`--out and ${other} name the same file`)]);
    }
    expect(fs.readdirSync(place.home)).toEqual([]);
    // A dataset is copied to servers, results and all.
    await credveilJson(['init', place.at('data'), '--suite', 'hmac']);
    for (const command of [match, watch])
      for (const option of ['--out', '--state']) {
        const { code, stderr } = await credveil([...command, option, place.at('data/runs/x')]);
        expect([code, stderr]).toEqual([2, expect.stringContaining(`${option} ${place.at('data/runs/x')} is inside`)]);
      }
  });
});

describe('standard output', () => {
  afterEach(() => vi.restoreAllMocks());
  const ID = '17\u001b[2J\u001b]0;pwned\u0007\u009b2J\u202e';
  const result = {
    rows: [{ account: ID, source: `a${ID}.txt`, date: null, match: 'exact' }],
    unchecked: [],
    figures: {},
  };

  test.for([true, false])(
    'keeps controls from a terminal, and leaves those of a pipe (terminal: %s)',
    async (isTTY) => {
      let written = '';
      vi.spyOn(process.stdout, 'write').mockImplementation((text, done) => {
        written += String(text);
        (done as unknown as () => void)();
        return true;
      });
      const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
      Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
      try {
        await writeResult(result, {});
      } finally {
        if (before) Object.defineProperty(process.stdout, 'isTTY', before);
        else delete (process.stdout as { isTTY?: boolean }).isTTY;
      }
      const shown = ID.replace(/[^\w[\];]/g, '?');
      expect(written).toContain(isTTY ? `"${shown}","a${shown}.txt"` : `"${ID}","a${ID}.txt"`);
    },
  );
});
