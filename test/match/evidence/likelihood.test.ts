// Whether a source is a copy of the user table: the statistic, and how often it is right.

import { describe, expect, test } from 'vitest';
import { findCopyMonth, formatMonth } from '../../../match/evidence/copied-when.ts';
import {
  type Beta,
  COPY,
  factorOf,
  logEvidence,
  logGamma,
  MAX_FACTOR,
  meanOf,
  reuseShares,
  type Trials,
} from '../../../match/evidence/likelihood.ts';
import { type SourceEvidence, weighSources } from '../../../match/evidence/weigh-sources.ts';
import type { Hit } from '../../../match/state/journal.ts';
import type { SpooledCandidate } from '../../../match/state/spool.ts';
import { parseChangedMonth } from '../../../match/users/changed.ts';
import { seededRandom } from '../../support/dataset.ts';

describe('the beta-binomial model', () => {
  test('has the logarithm of the gamma function', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 9);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 9);
  });

  test.each([COPY, { a: 2, b: 14 }, { a: 3.6, b: 28.4 }])('has probabilities that add up to one: %o', (beta: Beta) => {
    const accounts = 30;
    let sum = 0;
    for (let hits = 0, ways = 1; hits <= accounts; hits++) {
      sum += ways * Math.exp(logEvidence({ accounts, hits }, beta));
      ways = (ways * (accounts - hits)) / (hits + 1);
    }
    expect(sum).toBeCloseTo(1, 9);
  });

  test('takes the usual share from the other sources, of which one that stands out decides nothing', () => {
    expect(meanOf(reuseShares([])())).toBe(0.125);
    const others: Trials[] = [10, 12, 9].map((hits) => ({ accounts: 100, hits }));
    expect(meanOf(reuseShares(others)())).toBeCloseTo(0.114, 3);
    expect(meanOf(reuseShares([...others, { accounts: 100, hits: 95 }])())).toBeLessThan(0.13);
    // Few accounts do not outweigh what is usual.
    expect(meanOf(reuseShares([{ accounts: 1, hits: 1 }])())).toBeLessThan(0.18);
  });

  test('leaves the source that is weighed out of them', () => {
    const hits = [10, 0, 95, 10, 12, 0, 50];
    const all: Trials[] = [...hits.map((count) => ({ accounts: 100, hits: count })), { accounts: 0, hits: 0 }];
    for (let sources = 1; sources <= all.length; sources++) {
      const some = all.slice(-sources);
      for (const own of some) {
        const others = some.filter((source) => source !== own);
        expect(reuseShares(some)(own)).toEqual(reuseShares(others)());
      }
    }
  });

  test('is bounded', () => {
    expect(factorOf(1e9)).toBe(MAX_FACTOR);
    expect(factorOf(-1e9)).toBe(1 / MAX_FACTOR);
  });
});

interface Leak {
  readonly accounts: number;
  readonly share: number;
  /** Of a copy: accounts that changed their password later fit by reuse alone. */
  readonly month?: number;
}

/** Candidates of leaks among a table of accounts whose last changes are spread over 60 months. */
function simulate(leaks: readonly Leak[], seed: number, dated = true): SourceEvidence[] {
  const random = seededRandom(seed);
  const table = 2000;
  const changed = Array.from({ length: table }, () => 600 + Math.floor(random() * 60));
  const candidates: SpooledCandidate[] = [];
  const exact = new Map<number, Hit>();
  for (const [source, { accounts, share, month = Number.POSITIVE_INFINITY }] of leaks.entries()) {
    const order = Array.from({ length: table }, (_, i) => i);
    for (let i = 0; i < accounts; i++) {
      const j = i + Math.floor(random() * (table - i));
      [order[i], order[j]] = [order[j] as number, order[i] as number];
      const account = order[i] as number;
      const sequence = candidates.length;
      candidates.push({ sequence, account, source, password: Buffer.alloc(0) });
      const fits = random() < ((changed[account] as number) <= month ? share : 0.1);
      if (fits && !exact.has(account)) exact.set(account, { account, source, sequence });
    }
  }
  const sources = leaks.map((_, i) => ({ name: `s${i}`, inputs: [] }));
  return weighSources(sources, table, candidates, exact, (account) => (dated ? changed[account] : undefined));
}

/** A share as leaks of other sites have it. */
const reused = (random: () => number): number => 0.02 + 0.2 * random() ** 1.5;

describe('a source', () => {
  test('that is a copy stands out, and one that is none does not', () => {
    const random = seededRandom(7);
    let copies = 0;
    for (let seed = 0; seed < 60; seed++) {
      const others = Array.from(
        { length: 4 },
        (): Leak => ({ accounts: 20 + Math.floor(random() * 400), share: reused(random) }),
      );
      const copy: Leak = { accounts: 40 + Math.floor(random() * 400), share: 0.6 + 0.4 * random() };
      const [first, ...rest] = simulate([copy, ...others], seed, false);
      if (first?.weight === 'strong') copies++;
      expect(rest.filter(({ weight }) => weight === 'strong' || weight === 'some')).toEqual([]);
    }
    expect(copies).toBe(60);
  });

  test('of reused passwords raises no alarm, with dates or without', () => {
    const random = seededRandom(11);
    for (let seed = 0; seed < 60; seed++) {
      const leaks = Array.from(
        { length: 1 + (seed % 6) },
        (): Leak => ({ accounts: 5 + Math.floor(random() * 600), share: reused(random) }),
      );
      for (const dated of [true, false])
        expect(simulate(leaks, seed, dated).filter(({ weight }) => weight === 'strong' || weight === 'some')).toEqual(
          [],
        );
    }
  });

  test('shows the month of its copy', () => {
    let inside = 0;
    for (let seed = 0; seed < 40; seed++) {
      const month = 615 + (seed % 30);
      const others: Leak[] = [0.08, 0.12, 0.05].map((share) => ({ accounts: 200, share }));
      const [first] = simulate([{ accounts: 400, share: 0.85, month }, ...others], seed);
      expect(first?.weight).toBe('strong');
      const { from = '', to, likeliest = '' } = first?.copied ?? {};
      if (from <= formatMonth(month) && formatMonth(month) <= (to ?? '9999')) inside++;
      expect(Math.abs((parseChangedMonth(`${likeliest}-01`) as number) - month)).toBeLessThanOrEqual(2);
    }
    // 95%, of 40.
    expect(inside).toBeGreaterThanOrEqual(36);
  });

  test('of a copy after the last change has no upper month', () => {
    const [first] = simulate(
      [
        { accounts: 300, share: 0.9, month: 700 },
        { accounts: 300, share: 0.1 },
      ],
      3,
    );
    expect(first?.copied?.to).toBeNull();
  });

  test('with few accounts or hits is not told of', () => {
    expect(simulate([{ accounts: 4, share: 1 }], 1)[0]).toMatchObject({
      weight: 'few',
      accounts: 4,
      hits: 4,
      copied: null,
    });
    expect(simulate([{ accounts: 0, share: 1 }], 1)[0]).toMatchObject({ weight: 'few', accounts: 0 });
  });

  test('is not measured by accounts that an earlier source settled', () => {
    // Both hold all accounts; the first fits nearly all of them.
    const [first, second] = simulate(
      [
        { accounts: 2000, share: 0.9 },
        { accounts: 2000, share: 0.1 },
      ],
      5,
    );
    expect(first?.accounts).toBe(2000);
    expect(second?.accounts).toBe(2000 - (first?.hits ?? 0));
    expect(first?.weight).toBe('strong');
  });
});

test('a month is found among months without trials, and without dates there is none', () => {
  const byMonth = new Map<number, Trials>([
    [600, { accounts: 50, hits: 45 }],
    [620, { accounts: 50, hits: 5 }],
  ]);
  const when = findCopyMonth(byMonth, { accounts: 0, hits: 0 }, { a: 3, b: 25 });
  expect(when).toMatchObject({ from: '2020-01', to: '2021-07' });
  expect(findCopyMonth(new Map(), { accounts: 9, hits: 9 }, { a: 3, b: 25 })).toBeUndefined();
});

test.each([
  ['2026-03-31', 674],
  ['2026-03-31T23:59:59Z', 674],
  ['2026-03-31 23:59:59.123456+00', 674],
  ['1774915200', 674],
  ['1774915200.5', 674],
  ['1774915200000', 674],
  ['2026-13-01', undefined],
  ['31.03.2026', undefined],
  ['0000-00-00 00:00:00', undefined],
  ['', undefined],
  ['never', undefined],
  ['99999999999999999999', undefined],
])('the date %s is month %s', (text, month) => {
  expect(parseChangedMonth(text)).toBe(month);
});
