// `credveil stats`: the histogram as text, and the self-contained page with plots, which escapes
// every name.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { describeSnapshot, type SnapshotStats } from '../../cli/stats/figures.ts';
import { byBreachDate, statsPage } from '../../cli/stats/page.ts';
import { niceStep } from '../../cli/stats/plots.ts';
import { formatCount } from '../../cli/units.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { decodeFilter } from '../../protocol/password-filter.ts';
import { passwordInput } from '../../protocol/private-input.ts';
import { html } from '../../runtime/http/markup.ts';
import type { SourceFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { credveil } from '../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(500), passwords: seededPasswords(50) });

async function stats(made: MadeDataset): Promise<SnapshotStats> {
  const snapshot = await openSnapshot(made.dataset);
  try {
    return describeSnapshot(snapshot);
  } finally {
    snapshot.close();
  }
}

const source = (number: number, name: string, date: string | undefined, credentials: number): SourceFacts => ({
  number,
  name,
  ...(date === undefined ? {} : { date }),
  credentials,
  records: 2 * credentials,
  sha256: 'ab'.repeat(32),
});

describe('the statistics', () => {
  test('the bins count every bucket, and the bucket sizes every entry', async ({ made }) => {
    const { indexes } = await stats(made);
    const { entries, buckets, anonymitySet, histogram } = indexes.account as SnapshotStats['indexes'][string];
    expect(entries).toBe(1002);
    expect(histogram.reduce((sum, bin) => sum + bin.buckets, 0)).toBe(buckets);
    expect(histogram[0]?.from).toBe(anonymitySet.min);
    expect(histogram.at(-1)?.to).toBe(anonymitySet.max);
    expect(anonymitySet.mean).toBeCloseTo(entries / buckets, 10);
  });

  test('sources over time include months without sources, or years for long spans', () => {
    const near = [source(1, 'a', '2019-11', 5), source(2, 'b', '2020-02', 7), source(3, 'c', '2020-02', 1)];
    expect(byBreachDate(near)).toEqual([
      { period: '2019-11', credentials: 5 },
      { period: '2019-12', credentials: 0 },
      { period: '2020-01', credentials: 0 },
      { period: '2020-02', credentials: 8 },
    ]);
    const far = [...near, source(4, 'd', '2022-12', 2), source(5, 'e', undefined, 9)];
    expect(byBreachDate(far)).toEqual([
      { period: '2019', credentials: 5 },
      { period: '2020', credentials: 8 },
      { period: '2021', credentials: 0 },
      { period: '2022', credentials: 2 },
      { period: 'no date', credentials: 9 },
    ]);
    expect(byBreachDate([])).toEqual([]);
    expect(byBreachDate([source(1, 'e', undefined, 9)])).toEqual([{ period: 'no date', credentials: 9 }]);
  });

  test('the page shows each layer, and the filters of all err together', async () => {
    const made = await makeDataset({ passwords: seededPasswords(3_000), filterOneIn: 100 });
    try {
      for (const place of [1, 2]) {
        made.addSource(`added-${place}`, { passwords: seededPasswords(80, place + 1) });
        await made.publish({ delta: true });
      }
      const figures = await stats(made);
      const { filter, layers } = figures;
      const [, page = ''] = /<h2>Layers<\/h2>([\s\S]*?)<\/section>/.exec(statsPage(figures)) ?? [];
      expect(page.match(/<tr><th scope="row">/g)).toHaveLength(3);
      for (const { entries } of layers) expect(page).toContain(`<td>${formatCount(entries.password ?? 0)}</td>`);
      const snapshot = await openSnapshot(made.dataset);
      const filters = snapshot.layers.map((layer) => {
        const bytes = Buffer.alloc(layer.filter?.bytes ?? 0);
        layer.filter?.readInto(bytes, 0);
        return decodeFilter(bytes);
      });
      snapshot.close();
      const outputs = seededPasswords(20_000, 9).map((password) =>
        made.suite.evaluate(passwordInput(normalizePassword(password))),
      );
      const errs = outputs.filter((output) => filters.some((one) => one.mayHold(output))).length / outputs.length;
      expect(filters).toHaveLength(3);
      // Of the first layer alone it is 0.01; what is counted has a standard deviation of 0.0009.
      expect(filter?.falsePositiveRate).toBeGreaterThan(0.015);
      expect(Math.abs((filter?.falsePositiveRate ?? 0) - errs)).toBeLessThan(0.006);
    } finally {
      made.dispose();
    }
  });

  test('plots use axis steps of 1, 2 or 5', () => {
    expect([4, 5, 8, 9, 20, 21, 1000, 773_000_000].map(niceStep)).toEqual([1, 2, 2, 5, 5, 10, 500, 200_000_000]);
  });
});

describe('the page', () => {
  test('the page loads nothing: no script, no reference, and a policy that forbids both', async ({ made }) => {
    const page = statsPage(await stats(made));
    expect(page).toContain(
      `http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"`,
    );
    expect(page).not.toMatch(/<script|<link|<iframe|<img|\ssrc=|\shref=|url\(|@import|\son\w+=/i);
  });

  test('the page has a title, a heading, and a name and a table for each plot', async ({ made }) => {
    const page = statsPage(await stats(made));
    expect(page).toMatch(/<html lang="en">/);
    expect(page).toMatch(/<title>Credveil snapshot 000001-/);
    expect(page.match(/<h1>/g)).toHaveLength(1);
    const figures = page.match(/<figure>[\s\S]*?<\/figure>/g) ?? [];
    // Entries per prefix, cost, sources, and the bucket sizes of two indexes.
    expect(figures).toHaveLength(5);
    for (const figure of figures) {
      expect(figure).toMatch(/<svg [^>]*role="img" aria-label="[^"]+"/);
      expect(figure).toMatch(/<details>[\s\S]*<th scope="col">[\s\S]*<\/table>/);
    }
    // The numbers of every attribute are numbers.
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  test('the page escapes every name everywhere', async ({ made }) => {
    const evil = `<script>alert('x')</script>&"`;
    const { indexes, ...rest } = await stats(made);
    const index = indexes.account as SnapshotStats['indexes'][string];
    const page = statsPage({
      ...rest,
      snapshot: evil,
      dataset: evil,
      keyId: evil,
      published: evil,
      sources: [source(1, evil, '2020-01', 1)],
      indexes: { [evil]: index },
    });
    expect(page).not.toContain('<script');
    expect(page).not.toContain(evil.slice(-2));
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;');
    expect(html`<p title="${'"'}">${'<'}${html`<b>${1}</b>`}${[html`<i>`, html`</i>`]}</p>`.markup).toBe(
      '<p title="&quot;">&lt;<b>1</b><i></i></p>',
    );
  });

  test('the page renders an empty dataset', async () => {
    const empty = await makeDataset({});
    try {
      const snapshot = await openSnapshot(empty.dataset);
      const page = statsPage({ ...describeSnapshot(snapshot), sources: [] });
      snapshot.close();
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
    } finally {
      empty.dispose();
    }
  });
});

test('the command prints the histogram, and --html writes the page', async ({ made }) => {
  const text = await credveil(['stats', made.folder]);
  expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/entries per bucket\n +[\d-]+ █/) });
  const file = path.join(path.dirname(made.folder), 'stats.html');
  const outcome = await credveil(['stats', made.folder, '--html', file]);
  expect(outcome).toMatchObject({ code: 0, stdout: `statistics written to ${file}\n` });
  expect(fs.readFileSync(file, 'utf8')).toBe(statsPage(await stats(made)));
});

test('the histogram of a few buckets has a bar for every eight of them', async () => {
  const made = await makeDataset({ pairs: seededPairs(500), bucketFloor: 16 });
  try {
    const { account } = (await stats(made)).indexes;
    expect([account?.buckets, account?.histogram.length]).toEqual([16, expect.toSatisfy((bins: number) => bins > 8)]);
    const { stdout } = await credveil(['stats', made.folder]);
    const [section = ''] = /^account: [\s\S]*?(?=\n\n)/m.exec(stdout) ?? [];
    const bars = [...section.matchAll(/█ +([\d,]+)$/gm)].map(([, buckets]) => Number(buckets));
    expect([bars.length, bars.reduce((sum, buckets) => sum + buckets, 0)]).toEqual([2, 16]);
  } finally {
    made.dispose();
  }
});
