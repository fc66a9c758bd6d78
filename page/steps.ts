// The steps of a check, filled in from the last one.

import type { Credential } from '../client-sdk/verdict/inquiry.ts';
import type { SignalName } from '../client-sdk/verdict/verdict.ts';
import { toHex } from '../protocol/bytes.ts';
import { entryTag, formatTag, passwordBucketHash } from '../protocol/entry.ts';
import {
  byId,
  type Child,
  describe,
  formatCount,
  formatCounted,
  make,
  makeScrollable,
  makeTable,
  shorten,
} from './dom.ts';
import { bucketOf, explainRequest, isEvaluation, isPublished, type ReceivedBucket, routeOf } from './exchanges.ts';
import { drawBits, drawDots } from './figures.ts';
import type { Exchange } from './traffic.ts';
import type { Sought, Trial } from './trial.ts';

const QUESTIONS: { readonly [name in SignalName]: string } = {
  pair: 'Username and password together',
  similar: 'Username and a similar password',
  username: 'Username',
  password: 'Password',
};

/** Keeps a step's introduction and replaces the details below it. */
function fill(step: string, ...content: readonly Child[]): void {
  const result = byId(`step-${step}`, HTMLLIElement).querySelector<HTMLElement>('.result');
  if (!result) return;
  result.hidden = content.length === 0;
  result.replaceChildren(...content);
}

const text = (words: string): HTMLElement => make('p', {}, words);

/** The full value is in the request, one step further on. */
const abbreviate = (hex: string): string => `${hex.slice(0, 12)} … ${hex.slice(-12)}`;

function announce(title: string, note: string): void {
  byId('steps-title', HTMLElement).textContent = title;
  byId('steps-note', HTMLElement).textContent = note;
}

export function clearSteps(): void {
  announce('A check, step by step', 'Check something, and every step shows its values.');
  for (const step of ['normalize', 'hash', 'hide', 'send', 'answer', 'compare']) fill(step);
}

export function showSteps(credential: Credential, trial: Trial): void {
  announce('What just happened, step by step', 'Every value below is from this check.');
  fill('normalize', ...normalization(credential, trial));
  fill('hash', ...hashes(trial));
  fill('hide', ...hidden(trial));
  const asked = trial.exchanges.filter((exchange) => !isPublished(exchange));
  fill(
    'send',
    ...(asked.length === 0
      ? [text('Nothing. There was nothing to query.')]
      : asked.map((each) => request(each, trial))),
  );
  fill('answer', ...answers(asked, trial));
  fill('compare', ...comparison(trial));
}

function normalization({ username, password }: Credential, trial: Trial): Child[] {
  const terms: [string, string][] = [];
  if (username !== undefined)
    terms.push(['You typed', shorten(username)], ['What is hashed', shorten(trial.username ?? '')]);
  if (password !== undefined)
    terms.push(['Password', `${formatCounted(Array.from(password).length, 'character')}, as typed`]);
  if (username === undefined) terms.push(['Username', 'none given']);
  return [describe(terms)];
}

function hashes({ accountHash, published, sought }: Trial): Child[] {
  const parts: Child[] = [];
  const add = (what: string, hash: Parameters<typeof drawBits>[0], prefixBits: number): void => {
    const sent =
      prefixBits === 0
        ? 'This dataset is so small that it is one bucket: no bit is sent.'
        : `${formatCounted(prefixBits, 'bit')} of 32 ${prefixBits === 1 ? 'is' : 'are'} sent, which is one bucket of ${formatCount(2 ** prefixBits)}.`;
    parts.push(make('div', {}, make('p', {}, `${what}: ${sent}`)), drawBits(hash, prefixBits));
  };
  const { account, password } = published.indexes;
  if (accountHash !== undefined && account) add('Username', accountHash, account.prefixBits);
  const output = sought.find(({ signal }) => signal === 'password')?.output;
  if (output && password)
    add(
      `Password, from its ${published.suite === 'oprf' ? 'evaluated' : 'keyed'} hash of step 3`,
      passwordBucketHash(output),
      password.prefixBits,
    );
  return parts;
}

function hidden({ published, sought, standIns }: Trial): Child[] {
  if (published.suite === 'hmac') return [tagTable(sought)];
  const rows = sought.map(({ signal, blindedElement }) => [
    QUESTIONS[signal],
    make('code', {}, blindedElement ? abbreviate(toHex(blindedElement)) : '–'),
  ]);
  rows.push(['1 element of the linear check', 'it shows whether the server uses its published key']);
  if (standIns > 0)
    rows.push([
      `${formatCounted(standIns, 'dummy element')}`,
      'so that their number reveals nothing about the password',
    ]);
  return [
    makeScrollable('Blinded queries', makeTable([{ title: 'Question' }, { title: 'Blinded element sent' }], rows)),
  ];
}

function tagTable(sought: readonly Sought[]): HTMLElement {
  const rows = sought.map(({ signal, output }) => [QUESTIONS[signal], make('code', {}, tagOf(output))]);
  return makeScrollable('Tags', makeTable([{ title: 'Question' }, { title: 'Tag' }], rows));
}

const tagOf = (output: Sought['output']): string => (output ? formatTag(entryTag(output)) : '–');

function request(exchange: Exchange, { published }: Trial): HTMLElement {
  const { method, target, sent } = exchange;
  const parts: Child[] = [make('div', { class: 'code request' }, `${method} ${target}`)];
  if (sent.length > 0) {
    const label = `Body of ${method} ${routeOf(exchange)} in hex`;
    parts.push(make('section', { class: 'bytes', tabindex: '0', 'aria-label': label }, toHex(sent)));
  }
  parts.push(make('p', { class: 'help' }, explainRequest(exchange, published)));
  return make('div', {}, ...parts);
}

function answers(asked: readonly Exchange[], trial: Trial): Child[] {
  const parts: Child[] = [];
  const found = new Map(trial.sought.map(({ signal, index, output }) => [`${index} ${tagOf(output)}`, signal]));
  for (const exchange of asked) {
    const bucket = bucketOf(exchange, trial.published);
    if (exchange.status === 200 && isEvaluation(exchange) && trial.verdict.reason !== 'KEY_MISMATCH')
      parts.push(
        text('The evaluated elements. The last of them shows that the published key made all; that was checked here.'),
      );
    if (bucket) parts.push(bucketPicture(bucket, trial, found));
    else if (exchange.status !== 200)
      parts.push(text(exchange.status === undefined ? 'No answer came.' : `A refusal, status ${exchange.status}.`));
  }
  return parts;
}

function bucketPicture(
  bucket: ReceivedBucket,
  { verdict }: Trial,
  sought: ReadonlyMap<string, SignalName>,
): HTMLElement {
  const { index, bytes, paddingBytes, tags } = bucket;
  const place = tags.findIndex((tag) => {
    const signal = sought.get(`${index} ${tag.toString(16).padStart(12, '0')}`);
    return signal !== undefined && verdict.signals[signal].result === 'found';
  });
  const size = `${formatCounted(bytes, 'byte')}, ${formatCount(paddingBytes)} of them padding.`;
  const mark = place < 0 ? '' : ' The large dot is the one that you asked about: only this page can tell.';
  return make(
    'div',
    { class: 'bucket' },
    make(
      'h4',
      {},
      `${index === 'account' ? 'Username' : 'Password'} bucket: ${tags.length === 1 ? '1 entry shares' : `${formatCount(tags.length)} entries share`} the prefix`,
    ),
    make('p', {}, size + mark),
    drawDots(tags.length, place),
  );
}

function comparison({ sought, verdict, published, exchanges }: Trial): Child[] {
  const there = new Set(exchanges.flatMap((exchange) => [...(bucketOf(exchange, published)?.tags ?? [])]));
  const rows = sought.map(({ signal, output }) => {
    const { result } = verdict.signals[signal];
    // The forms of a similar password share one answer; their tags show which form matched.
    const known = result === 'found' && !(output && there.has(entryTag(output))) ? 'absent' : result;
    const words = { found: 'Found', absent: 'Absent', unknown: 'No answer', unasked: 'Not queried' }[known];
    const told = make('span', { class: known === 'found' ? 'found' : 'absent' }, words);
    return [QUESTIONS[signal], make('code', {}, tagOf(output)), told];
  });
  const table = makeTable([{ title: 'Question' }, { title: 'Tag' }, { title: 'In the bucket?' }], rows);
  const missing = (['account', 'password'] as const).filter((index) => !published.indexes[index]);
  return [
    makeScrollable('Tags searched for', table),
    ...missing.map((index) => text(`This dataset has no ${index} index, so it was not queried.`)),
  ];
}
