// What a match that was killed writes when it goes on: the same as if it had not been killed, and
// into no file of anybody else's.

import fs from 'node:fs';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { describe, expect } from 'vitest';
import { credveil, type WorkPlace } from '../support/credveil.ts';
import { killMidway } from '../support/match/killed.ts';
import { COLUMNS, createWorld } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const slow = (password: string): string => bcrypt.hashSync(password, 8);

/** Arguments of a match, of which `kill` leaves a state. */
function createMatch(place: WorkPlace) {
  const { users, corpora } = createWorld(place, { accounts: 60, others: 120, hash: slow });
  // It names nobody, so it is left out, and so is a link that leads nowhere.
  place.write('corpora/wordlist.txt', Array.from({ length: 900 }, (_, i) => `word${(i * 7919) % 9973}\n`).join(''));
  fs.symlinkSync('nowhere', path.join(corpora, 'link'));
  const state = place.at('state');
  const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', state, '--threads', '1'];
  const journal = path.join(state, 'journal');
  const hasVerified = (): boolean => fs.existsSync(journal) && fs.readFileSync(journal, 'utf8').split('\n').length > 2;
  return { args, journal, kill: (more: readonly string[] = []) => killMidway([...args, ...more], hasVerified) };
}

/** Without progress. */
const reportOf = ({ stderr }: { readonly stderr: string }): string[] =>
  stderr.split('\n').filter((line) => !/^(?:goes on from|read sources|verify) /.test(line));

describe('a match that goes on', () => {
  test('reports the same as one that was not killed, also what it left out', async ({ place }) => {
    const { args, kill } = createMatch(place);
    const whole = await credveil(['match', ...args, '--json']);
    expect(whole.stderr).toContain('wordlist.txt');
    await kill();
    const resumed = await credveil(['match', ...args, '--json']);
    expect(resumed.stderr).toContain('goes on from the state');
    expect([resumed.code, resumed.stdout, reportOf(resumed)]).toEqual([0, whole.stdout, reportOf(whole)]);
  });

  test('replaces no file that the killed one was not writing, and believes no altered journal', async ({ place }) => {
    const { args, journal, kill } = createMatch(place);
    const precious = place.write('precious.txt', 'years of work');
    await kill(['--out', place.at('out.csv')]);
    const written = fs.readFileSync(journal, 'utf8');
    const [scanned = '', line = ''] = written.split('\n');
    fs.writeFileSync(journal, `${scanned}\n${line.replace(/\{.*/, '{"pass":"exact","from":0,"to":9999,"hits":[]}')}\n`);
    const altered = await credveil(['match', ...args]);
    expect([altered.code, altered.stdout, altered.stderr]).toEqual([1, '', expect.stringContaining('STATE_CORRUPT')]);
    fs.writeFileSync(journal, written);
    for (const option of ['--out', '--unchecked']) {
      const refused = await credveil(['match', ...args, option, precious]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('OUTPUT_EXISTS')]);
    }
    expect(fs.readFileSync(precious, 'utf8')).toBe('years of work');
  });
});
