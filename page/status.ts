// The page at /status: the snapshot's figures and the server's load, refreshed every ten seconds.

import {
  type HistogramBin,
  type IndexStatus,
  REQUEST_CLASSES,
  type RequestClass,
  type RequestRates,
  type ServiceStatus,
} from '../protocol/service-status.ts';
import { getStatus, listDatasets, PageError, type ServedDataset } from './api.ts';
import { askForClientKey, takeClientKey } from './client-key.ts';
import { byId, formatCount, formatCounted, make, makeScrollable, makeSvg, makeTable } from './dom.ts';
import { drawHistogram, drawLines, type Line } from './plots.ts';
import { createTraffic } from './traffic.ts';

const choice = byId('dataset', HTMLSelectElement);
const pause = byId('pause', HTMLButtonElement);
const trouble = byId('trouble', HTMLElement);
const figures = byId('figures', HTMLElement);

const traffic = createTraffic();
const UPDATE_MS = 10_000;
/** Rows of the table of requests. */
const TABLE_MINUTES = 10;
/** A zero-width space: a line may break here. */
const MAY_BREAK = '\u200b';

let datasets: ServedDataset[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
/** The status on display. Its snapshot is drawn once, so that plots do not jump on each refresh. */
let shown: string | undefined;

const CLASSES: { readonly [name in RequestClass]: Omit<Line, 'values'> } = {
  bucket: { label: 'Buckets', colour: '--stays', dash: [] },
  evaluation: { label: 'Evaluations and lookups', colour: '--back', dash: [10, 4] },
  range: { label: 'Hash ranges', colour: '--sent', dash: [2, 4] },
  other: { label: 'Heads, pages and the rest', colour: '--edge', dash: [6, 3, 1, 3] },
  refused: { label: 'Refused', colour: '--bad', dash: [4, 4] },
};
const INDEX_TITLES: { readonly [name: string]: string } = {
  account: 'Usernames and pairs',
  password: 'Passwords',
  sha1: 'SHA-1 ranges',
  ntlm: 'NTLM ranges',
};

async function update(): Promise<void> {
  clearTimeout(timer);
  try {
    if (datasets.length === 0) await findDatasets();
    const served = datasets[Number(choice.value) || 0];
    if (served) show(await getStatus(traffic, served));
    trouble.hidden = true;
    trouble.textContent = '';
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
    showFailure(error);
    if (error.code === 'CLIENT_KEY_WANTED' || error.code === 'CLIENT_KEY_UNKNOWN') return askForClientKey();
  }
  if (pause.getAttribute('aria-pressed') === 'false') timer = setTimeout(update, UPDATE_MS);
}

function showFailure({ code, message, hint }: PageError): void {
  const needsKey = code === 'CLIENT_KEY_WANTED';
  if (figures.hidden)
    byId('updated', HTMLElement).textContent = needsKey ? 'Enter a client key to see the figures.' : 'No figures yet.';
  // The form's help explains it; nobody has made a mistake yet.
  trouble.hidden = needsKey;
  const text = needsKey ? '' : `${message} ${hint}`;
  // Announced once, not on every refresh.
  if (trouble.textContent !== text) trouble.textContent = text;
}

async function findDatasets(): Promise<void> {
  datasets = await listDatasets(traffic);
  choice.replaceChildren(
    ...datasets.map(({ dataset, suite }, i) => make('option', { value: String(i) }, `${dataset} (${suite})`)),
  );
  byId('dataset-field', HTMLElement).hidden = datasets.length < 2;
}

function show(status: ServiceStatus): void {
  const { dataset, snapshot, indexes, requests } = status;
  figures.hidden = false;
  byId('updated', HTMLElement).textContent = `As of ${new Date().toLocaleTimeString()}`;
  byId('tiles', HTMLElement).replaceChildren(...tiles(status));
  showRates(requests);
  const now = `${dataset} ${snapshot.id}`;
  if (shown === now) return;
  shown = now;
  const cards = Object.entries(indexes).map(([name, index]) => indexCard(name, index));
  byId('indexes', HTMLElement).replaceChildren(...cards.map(({ card }) => card));
  // Plots take their width from elements that are in the document.
  for (const { drawPlot } of cards) drawPlot();
  showSources(status);
}

function tiles({ snapshot, suite, similar, indexes, sources, requests }: ServiceStatus): HTMLElement[] {
  const entries = Object.values(indexes).reduce((sum, index) => sum + index.entries, 0);
  const published = new Date(snapshot.publishedAt);
  const perSecond = REQUEST_CLASSES.reduce((sum, name) => sum + (requests.classes[name].at(-1) ?? 0), 0);
  const anonymity = (indexes.account ?? Object.values(indexes)[0])?.anonymitySet.min ?? 0;
  return [
    [`#${snapshot.number}`, `snapshot ${snapshot.id.replace('-', `-${MAY_BREAK}`)}`],
    [ago(published), `since it was published, ${published.toLocaleString()}`],
    validity(new Date(snapshot.validUntil)),
    [formatCount(entries), `entries, suite ${suite}${similar ? ', similar passwords too' : ''}`],
    [formatCount(anonymity), 'entries in the smallest bucket'],
    [formatCount(sources.length), sources.length === 1 ? 'source' : 'sources'],
    [formatRate(perSecond / requests.slotSeconds), `requests per second, in the last ${requests.slotSeconds} seconds`],
  ].map(([value = '', what = '']) => make('div', {}, make('dt', {}, what), make('dd', {}, value)));
}

/** Of a tile. The operator has to act on a head that has run out. */
function validity(until: Date): [value: string, what: string] {
  const left = until.getTime() - Date.now();
  if (left <= 0) return ['Expired', `clients refuse it since ${until.toLocaleString()}: renew its head`];
  return [span(left), `until clients refuse it, ${until.toLocaleString()}, unless its head is renewed`];
}

const ago = (then: Date): string => span(Date.now() - then.getTime());

function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes === 0) return 'Moments';
  if (minutes < 120) return formatCounted(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 48 ? formatCounted(hours, 'hour') : formatCounted(Math.round(hours / 24), 'day');
}

const formatRate = (rate: number): string => (rate >= 100 ? formatCount(Math.round(rate)) : rate.toFixed(1));

function showRates({ slotSeconds, until, classes }: RequestRates): void {
  const slots = classes.other.length;
  const end = Date.parse(until) / 1_000;
  const times = Array.from({ length: slots }, (_, i) => end - (slots - 1 - i) * slotSeconds);
  // Buckets always; other classes if there were any.
  const names = REQUEST_CLASSES.filter((name) => name === 'bucket' || classes[name].some((count) => count > 0));
  const total = names.reduce((sum, name) => sum + sumOf(classes[name]), 0);
  const text =
    slots < 2
      ? `The server has just started: the first figures come after ${2 * slotSeconds} seconds.`
      : `Per second, in slots of ${slotSeconds} seconds. ${formatCounted(total, 'request')} in ${formatCounted(Math.max(1, Math.round((slots * slotSeconds) / 60)), 'minute')}.`;
  byId('rates-text', HTMLElement).textContent = text;
  byId('rates', HTMLElement).hidden = slots < 2;
  if (slots < 2) return;
  const lines = names.map((name) => ({ ...CLASSES[name], values: classes[name].map((count) => count / slotSeconds) }));
  drawLines(byId('rates-plot', HTMLElement), times, lines);
  byId('rates-keys', HTMLElement).replaceChildren(...names.map((name) => key(name)));
  showRatesTable(names, classes, slotSeconds, end);
}

function key(name: RequestClass): HTMLElement {
  const { label, dash } = CLASSES[name];
  const line = makeSvg('line', { x1: 0, x2: 24, y1: 5, y2: 5, 'stroke-dasharray': dash.join(' ') });
  return make('li', { class: name }, makeSvg('svg', { viewBox: '0 0 24 10', 'aria-hidden': 'true' }, line), label);
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function showRatesTable(
  names: readonly RequestClass[],
  classes: RequestRates['classes'],
  slotSeconds: number,
  end: number,
): void {
  const slots = classes.other.length;
  const perRow = (60 * TABLE_MINUTES) / slotSeconds;
  const rows: string[][] = [];
  for (let to = slots; to > 0; to -= perRow) {
    const from = Math.max(0, to - perRow);
    const time = (at: number): string => new Date((end - (slots - at) * slotSeconds) * 1_000).toLocaleTimeString();
    rows.push([
      `${time(from)} to ${time(to)}`,
      ...names.map((name) => formatCount(sumOf(classes[name].slice(from, to)))),
    ]);
  }
  const columns = names.map((name) => ({ title: CLASSES[name].label, number: true as const }));
  byId('rates-table', HTMLElement).replaceChildren(makeTable([{ title: 'When' }, ...columns], rows));
}

function indexCard(name: string, index: IndexStatus): { card: HTMLElement; drawPlot(): void } {
  const { entries, buckets, prefixBits, anonymitySet, histogram, gaps = 0 } = index;
  const { min, mean, max } = anonymitySet;
  const title = make('h2', { id: `index-${name}` }, INDEX_TITLES[name] ?? name);
  const missing = gaps === 0 ? '' : ` ${formatCounted(gaps, 'range')} of the mirror missing: answered 503.`;
  const text = make(
    'p',
    { class: 'soft', id: `index-${name}-text` },
    `${formatCount(entries)} entries in ${formatCounted(buckets, 'bucket')}. A query reveals ${formatCounted(prefixBits, 'bit')}. Entries that share them: ${formatCount(Math.round(mean))} on average, ${formatCount(min)} to ${formatCount(max)}.${missing}`,
  );
  const labels = { role: 'img', 'aria-labelledby': `index-${name} index-${name}-text` };
  const plot = make('div', { class: 'plot', ...labels });
  const card = make('section', { class: 'card', 'aria-labelledby': `index-${name}` }, title, text);
  if (!histogram || histogram.length === 0) {
    card.append(make('p', { class: 'soft' }, 'This snapshot was published without a histogram.'));
    return { card, drawPlot: () => {} };
  }
  card.append(plot, histogramTable(`${title.textContent} as a table`, histogram));
  return { card, drawPlot: () => drawHistogram(plot, histogram, 'entries per bucket') };
}

function histogramTable(label: string, bins: readonly HistogramBin[]): HTMLElement {
  const rows = bins.map(({ from, to, buckets }) => [
    from === to ? formatCount(from) : `${formatCount(from)} to ${formatCount(to)}`,
    formatCount(buckets),
  ]);
  const table = makeTable([{ title: 'Entries' }, { title: 'Buckets', number: true }], rows);
  return make('details', {}, make('summary', {}, label), makeScrollable(label, table));
}

function showSources({ sources }: ServiceStatus): void {
  const place = byId('sources', HTMLElement);
  const rows = sources.map(({ number, name, date }) => [String(number), name, date ?? 'not known']);
  const table = makeTable([{ title: 'Number' }, { title: 'Name' }, { title: 'Breach' }], rows);
  place.replaceChildren(sources.length === 0 ? make('p', { class: 'soft' }, 'None yet.') : table);
}

choice.addEventListener('change', () => void update());
pause.addEventListener('click', () => {
  const paused = pause.getAttribute('aria-pressed') === 'false';
  pause.setAttribute('aria-pressed', String(paused));
  if (paused) clearTimeout(timer);
  else void update();
});
takeClientKey(traffic, () => void update());
for (const place of document.querySelectorAll<HTMLElement>('section.scroll')) place.tabIndex = 0;

void update();
