// `credveil stats --html`: one self-contained page of figures, plots and tables, without scripts.

import type { HistogramBin } from '../../protocol/service-status.ts';
import { html, type Markup } from '../../runtime/http/markup.ts';
import type { SourceFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { formatBytes, formatCount, formatCounted, formatMean, formatSpan } from '../units.ts';
import type { LayerStats, SnapshotStats } from './figures.ts';
import { type Bar, barPlot, type Span, type Stack, spanPlot, stackPlot } from './plots.ts';
import { STATS_STYLE } from './style.ts';

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const cell = (value: string | number): string => (typeof value === 'number' ? formatCount(value) : value);

function table({ header, rows }: Table): Markup {
  const heads = header.map((name) => html`<th scope="col">${name}</th>`);
  const body = rows.map(([first = '', ...rest]) => {
    const cells = rest.map((value) => html`<td>${cell(value)}</td>`);
    return html`<tr><th scope="row">${cell(first)}</th>${cells}</tr>\n`;
  });
  return html`<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>\n${body}</tbody></table></div>`;
}

/** A plot with its caption, and its numbers as a table. */
function figure(title: string, text: string, plot: Markup, figures: Table): Markup {
  return html`<figure>
<figcaption><h3>${title}</h3><p>${text}</p></figcaption>
${plot}
<details><summary>As a table</summary>${table(figures)}</details>
</figure>
`;
}

function sizesFigure(name: string, what: 'bucket' | 'range', bins: readonly HistogramBin[]): Markup {
  const bars = bins.map(
    ({ from, to, buckets }): Bar => ({
      label: formatSpan(from, to),
      value: buckets,
      note: `${formatSpan(from, to)} entries: ${formatCounted(buckets, what)}`,
    }),
  );
  const title = `${name}: sizes of ${what}s`;
  return figure(
    title,
    `The number of ${what}s by their number of entries.`,
    // A whole span is too wide for a label.
    barPlot(
      title,
      bins.map(({ from }, i) => ({ ...(bars[i] as Bar), label: formatCount(from) })),
      `entries per ${what}`,
    ),
    {
      header: ['Entries', `${what === 'bucket' ? 'Buckets' : 'Ranges'}`],
      rows: bars.map(({ label, value }) => [label, value]),
    },
  );
}

function anonymityFigure({ indexes, ranges }: SnapshotStats): Markup {
  const spans = Object.entries({ ...indexes, ...ranges }).map(
    ([label, { anonymitySet }]): Span => ({ label, ...anonymitySet }),
  );
  return figure(
    'Entries per prefix',
    'The number of entries that share a prefix: minimum, mean (dot), maximum. They do not hide who asks: that is one of your own users.',
    spanPlot('Entries per prefix', spans, 'entries that share a prefix'),
    {
      header: ['Index', 'Min', 'Mean', 'Max'],
      rows: spans.map(({ label, min, mean, max }) => [label, min, mean.toFixed(1), max]),
    },
  );
}

function costFigure({ indexes, ranges }: SnapshotStats): Markup {
  const stacks: Stack[] = [];
  const rows: string[][] = [];
  const add = (label: string, limit: number, coding: number, metadata: number): void => {
    const parts = [
      ['information-theoretic minimum', limit],
      ['coding, header and seal', coding],
      ['metadata and counts', metadata],
    ] as const;
    stacks.push({
      label,
      parts: parts.map(([part, value]) => ({
        label: part,
        value,
        note: `${label}, ${part}: ${value.toFixed(2)} bits`,
      })),
    });
    rows.push([label, ...parts.map(([, value]) => value.toFixed(2)), (limit + coding + metadata).toFixed(2)]);
  };
  for (const [label, stats] of Object.entries(indexes))
    if (stats.bitsPerEntry !== null && stats.minBitsPerEntry !== null)
      add(label, stats.minBitsPerEntry, stats.bitsPerEntry - stats.minBitsPerEntry, stats.metadataBitsPerEntry);
  // An exact hash costs its bits after the prefix.
  for (const [label, { bitsPerEntry, hashBits }] of Object.entries(ranges))
    if (bitsPerEntry !== null) add(label, hashBits, 0, bitsPerEntry - hashBits);
  return html`${figure(
    'Bits per entry',
    'Bits of an entry on disk, without padding. The minimum follows from the false positive rate.',
    html`<ul class="legend"><li class="part-1">minimum</li><li class="part-2">coding, header, seal</li><li class="part-3">metadata, counts</li></ul>${stackPlot('Bits per entry', stacks, 'bits')}`,
    { header: ['Index', 'Minimum', 'Coding, header, seal', 'Metadata, counts', 'Total'], rows },
  )}`;
}

const MAX_MONTHS = 24;
const NO_DATE = 'no date';

/** One period per month, or per year for long spans. Sources without a date come last. */
export function byBreachDate(
  sources: readonly SourceFacts[],
): { readonly period: string; readonly credentials: number }[] {
  const months = sources.flatMap(({ date }) => (date === undefined ? [] : [monthNumber(date)]));
  const undated = sources.filter(({ date }) => date === undefined);
  const first = Math.min(...months);
  const last = Math.max(...months);
  const span = last - first + 1 > MAX_MONTHS ? 12 : 1;
  const place = (month: number): number => Math.floor(month / span);
  const periods = Array.from({ length: months.length === 0 ? 0 : place(last) - place(first) + 1 }, (_, i) => {
    const at = place(first) + i;
    const month = String((at % 12) + 1).padStart(2, '0');
    return { period: span === 12 ? String(at) : `${Math.floor(at / 12)}-${month}`, credentials: 0 };
  });
  for (const { date, credentials } of sources) {
    const period = date === undefined ? undefined : periods[place(monthNumber(date)) - place(first)];
    if (period) period.credentials += credentials;
  }
  const rest = undated.reduce((sum, { credentials }) => sum + credentials, 0);
  return undated.length === 0 ? periods : [...periods, { period: NO_DATE, credentials: rest }];
}

function monthNumber(date: string): number {
  const [year = 0, month = 1] = date.split('-').map(Number);
  return year * 12 + month - 1;
}

function sourcesFigure({ sources }: SnapshotStats): Markup {
  const bars = byBreachDate(sources).map(
    ({ period, credentials }): Bar => ({
      label: period,
      value: credentials,
      note: `${period}: ${formatCounted(credentials, 'credential')}`,
      ...(period === NO_DATE ? { named: true } : {}),
    }),
  );
  return figure(
    'Sources over time',
    'Credentials by month or year of their breach.',
    barPlot('Sources over time', bars, 'date of breach'),
    {
      header: ['Source', 'Date', 'Credentials', 'Records'],
      rows: sources.map(({ name, date, credentials, records }) => [name, date ?? NO_DATE, credentials, records]),
    },
  );
}

function tiles({ bytes, sources, indexes, ranges, filter }: SnapshotStats): Markup {
  const figures: [string, string][] = [
    ...Object.entries(indexes).map(([name, { entries, buckets }]): [string, string] => [
      formatCount(entries),
      `${name} entries in ${formatCounted(buckets, 'bucket')}`,
    ]),
    ...Object.entries(ranges).map(([name, stats]): [string, string] => [
      formatCount(stats.entries),
      `${name} hashes in ${formatCounted(stats.ranges, 'range')}`,
    ]),
    ...Object.entries(indexes).flatMap(([name, { usersPerPrefix }]): [string, string][] =>
      usersPerPrefix === null ? [] : [[formatMean(usersPerPrefix), `of your users share a prefix of ${name}`]],
    ),
    ...(filter
      ? [
          [
            formatBytes(filter.bytes),
            `password filter, false positive rate 1 in ${formatCount(Math.round(1 / filter.falsePositiveRate))}`,
          ] as [string, string],
        ]
      : []),
    [formatCount(sources.length), sources.length === 1 ? 'source' : 'sources'],
    [formatBytes(bytes), 'on disk'],
  ];
  return html`<dl class="tiles">${figures.map(([value, what]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Renders the page. It escapes every name, and its policy forbids scripts and requests. */
export function statsPage(stats: SnapshotStats): string {
  const { snapshot, published, dataset, keyId, indexes, ranges, layers } = stats;
  const title = `Credveil snapshot ${snapshot}`;
  const leaks = Object.entries(indexes).map(([name, { bitsGivenAwayBySizes, falsePositivesPerQuery, bodyBytes }]) => [
    name,
    bitsGivenAwayBySizes.toFixed(2),
    falsePositivesPerQuery.toExponential(1),
    bodyBytes.map((bytes) => formatBytes(bytes)).join(', '),
  ]);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${{ markup: STATS_STYLE }}</style>
</head>
<body>
<main>
<header><h1>Snapshot <span>${snapshot}</span></h1>
<p>Published ${published}. Dataset ${dataset}, key ${keyId}.</p></header>
${tiles(stats)}
<section class="figures" aria-label="Plots">
${anonymityFigure(stats)}${costFigure(stats)}${sourcesFigure(stats)}
${Object.entries(indexes).map(([name, { histogram }]) => sizesFigure(name, 'bucket', histogram))}
${Object.entries(ranges).map(([name, { histogram }]) => sizesFigure(name, 'range', histogram))}
</section>
${layers.length === 1 ? '' : layersSection(layers)}
${leaks.length === 0 ? '' : leaksSection(leaks)}
</main>
</body>
</html>
`.markup;
}

function leaksSection(rows: Table['rows']): Markup {
  return factsSection(
    'Size leakage',
    'Response bodies are padded to a few sizes. This is how many bits of the bucket prefix their size still reveals.',
    { header: ['Index', 'Bits revealed', 'False positives per query', 'Body sizes'], rows },
  );
}

function layersSection(layers: readonly LayerStats[]): Markup {
  const names = [...new Set(layers.flatMap(({ entries }) => Object.keys(entries)))];
  const rows = layers.map(({ entries, sources, bytes, layout }, place) => [
    place === 0 ? 'base' : `added ${place}`,
    ...names.map((name) => entries[name] ?? 0),
    sources,
    formatBytes(bytes),
    layout,
  ]);
  const counts = names.map((name) => `Entries of ${name}`);
  return factsSection('Layers', 'What was added without writing the rest again. An answer has the entries of all.', {
    header: ['Layer', ...counts, 'Sources', 'On disk', 'Layout'],
    rows,
  });
}

function factsSection(title: string, text: string, facts: Table): Markup {
  return html`<section class="facts"><h2>${title}</h2>
<p>${text}</p>
${table(facts)}</section>`;
}
