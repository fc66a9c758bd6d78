// credveil match tells of a source that looks like a copy of the user table, and of its month.

import { expect } from 'vitest';
import { describeEvidence } from '../../cli/match/evidence.ts';
import type { SourceEvidence } from '../../match/evidence/weigh-sources.ts';
import { credveil, type WorkPlace } from '../support/credveil.ts';
import { ssha } from '../support/match/world.ts';
import { createRandom } from '../support/random.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const ACCOUNTS = 400;
const OTHERS = ['forum-2019-01.txt', 'shop-2021-05.txt', 'games-2022-08.txt'];

interface Made {
  readonly users: string;
  readonly corpora: string;
}

/** Passwords changed from 2024-01 to 2025-12; a copy would be of the end of 2025-03. */
function createTables(place: WorkPlace, hasCopy: boolean, date: (month: number) => string): Made {
  const random = createRandom(9);
  const rows = ['id,login,hash,changed_at'];
  const copy: string[] = [];
  const others = OTHERS.map((): string[] => []);
  for (let i = 0; i < ACCOUNTS; i++) {
    const [password, month] = [`pw${random.below(1e9)}`, random.below(24)];
    rows.push(`u${i},user${i},${ssha(password, `salt${i}`)},${date(month)}`);
    // A tenth reuse a password, and one in nine of the copy was never cracked.
    for (const lines of others)
      if (random.below(2) === 0)
        lines.push(`user${i}:${random.below(10) === 0 ? password : `other${random.below(1e9)}`}`);
    if (random.below(9) > 0) copy.push(`user${i}:${month < 15 ? password : `former${random.below(1e9)}`}`);
  }
  for (const [at, name] of OTHERS.entries()) place.write(name, `${others[at]?.join('\n')}\n`);
  if (hasCopy) place.write('unknown-2026-01.txt', `${copy.join('\n')}\n`);
  return { users: place.write('users.csv', `${rows.join('\n')}\n`), corpora: place.home };
}

async function match(place: WorkPlace, { users }: Made, names: readonly string[], columns: string) {
  const files = names.map((name) => place.at(name));
  const args = ['match', users, '--columns', columns, '--against', ...files, '--format', 'combo', '--json'];
  const { stdout, stderr, code } = await credveil([...args, '--state', place.at('state')]);
  expect(code).toBe(0);
  return { evidence: (JSON.parse(stdout) as { evidence: SourceEvidence[] }).evidence, stderr };
}

const COLUMNS = 'id=id,username=login,hash=hash';
const iso = (month: number): string =>
  `${2024 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-15 10:00:00`;

test('a copy of the user table stands out, with the month in which it was made', async ({ place }) => {
  const made = createTables(place, true, iso);
  const names = [...OTHERS, 'unknown-2026-01.txt'];
  const dated = await match(place, made, names, `${COLUMNS},changed=changed_at`);
  expect(dated.stderr).toMatch(/OWN BREACH\? strong evidence: unknown-2026-01\.txt fits \d+ of the \d+ accounts/);
  expect(dated.stderr).toMatch(/more than 1,000,000 times likelier if it is a copy of this user table/);
  expect(dated.stderr).toMatch(/Passwords changed after 2025-0[234] do not fit/);
  expect(dated.stderr.match(/OWN BREACH/g)).toHaveLength(1);
  const [copy, ...others] = dated.evidence;
  expect(copy).toMatchObject({ source: 'unknown-2026-01.txt', date: '2026-01', weight: 'strong' });
  expect(copy?.copied?.from.localeCompare('2025-03')).toBeLessThanOrEqual(0);
  expect(copy?.copied?.to?.localeCompare('2025-03')).toBeGreaterThanOrEqual(0);
  expect(others.every(({ weight }) => weight === 'none' || weight === 'few')).toBe(true);

  const undated = await match(place, made, names, COLUMNS);
  expect(undated.evidence[0]).toMatchObject({ weight: 'strong', copied: null });
  expect(undated.stderr).not.toContain('Passwords changed after');
  expect(undated.stderr).not.toContain('pw1');
});

test('leaks of other sites alone raise no alarm', async ({ place }) => {
  const made = createTables(place, false, iso);
  const { evidence, stderr } = await match(place, made, OTHERS, `${COLUMNS},changed=changed_at`);
  expect(stderr).not.toContain('OWN BREACH');
  expect(evidence.map(({ weight }) => weight)).toEqual(['none', 'none', 'none']);
});

test('of one source alone a line says that nothing can be told', () => {
  const alone = { source: 'own.txt', date: null, accounts: 90, hits: 45, usualShare: 0.125, factor: 21.7 };
  const told = (...evidence: Partial<SourceEvidence>[]): string =>
    describeEvidence(evidence.map((one) => ({ ...alone, weight: 'none', copied: null, ...one }))).join('\n');
  expect(told({})).toMatch(/OWN BREACH\? cannot be told from one source alone: own\.txt fits 45 of the 90 .* \(50%\)/);
  expect(told({}, { accounts: 0, hits: 0, weight: 'few' })).toContain('cannot be told');
  expect(told({ hits: 9 })).toBe('');
  expect(told({}, { source: 'b.txt', hits: 4 })).toBe('');
  expect(told({ weight: 'some' })).not.toContain('cannot be told');
});

test('dates that cannot be read are told of', async ({ place }) => {
  const made = createTables(place, false, (month) => (month < 12 ? `15.${month + 1}.2024` : iso(month)));
  const { stderr } = await match(place, made, OTHERS, `${COLUMNS},changed=changed_at`);
  expect(stderr).toMatch(/\nNO DATE: \d{3} accounts of 400 without a date of change that can be read/);
});
