// The page at /: checks a credential in the browser and shows what left it.
//
// Input is never stored or put into a URL.

import type { Credential } from '../client-sdk/verdict/inquiry.ts';
import { CredveilError } from '../protocol/errors.ts';
import { TEST_CREDENTIALS } from '../protocol/test-credentials.ts';
import { getPublished, listDatasets, PageError, type ServedDataset } from './api.ts';
import { askForClientKey, takeClientKey } from './client-key.ts';
import { showComparison } from './comparison.ts';
import { byId, formatCount, make, showSuite } from './dom.ts';
import { purposeOf } from './exchanges.ts';
import type { Published } from './published.ts';
import { clearSteps, showSteps } from './steps.ts';
import { createTraffic } from './traffic.ts';
import { createTrier, type Trial, type Trier } from './trial.ts';
import { clearVerdict, showFailure, showVerdict } from './verdicts.ts';

const username = byId('username', HTMLInputElement);
const password = byId('password', HTMLInputElement);
const reveal = byId('reveal', HTMLButtonElement);
const key = byId('key', HTMLInputElement);
const keyError = byId('key-error', HTMLElement);
const inputError = byId('input-error', HTMLElement);
const choice = byId('dataset', HTMLSelectElement);
const button = byId('check', HTMLButtonElement);
const trouble = byId('trouble', HTMLElement);

const traffic = createTraffic(showTraffic);

let wanted: ServedDataset | undefined;
/** The selected dataset, with what it publishes. */
let chosen: { readonly served: ServedDataset; readonly published: Published } | undefined;
/** Keeps trust in the server between checks; one per dataset and key. */
let trier: { readonly keyText: string; readonly trier: Trier } | undefined;

let busy = false;
let latest: { readonly credential: Credential; readonly trial?: Trial } | undefined;
/** Whether the user chose to show the password. */
let shownByHand = false;

const SAMPLES = [
  ['pair', 'Leaked pair'],
  ['similar', 'Similar password'],
  ['password', 'Leaked password'],
  ['username', 'Leaked username'],
  ['clean', 'Clean'],
] as const;

async function start(): Promise<void> {
  await attempt(async () => {
    const datasets = await listDatasets(traffic);
    choice.replaceChildren(
      ...datasets.map(({ dataset, suite }, i) => make('option', { value: String(i) }, `${dataset} (${suite})`)),
    );
    byId('dataset-field', HTMLElement).hidden = datasets.length < 2;
    choice.onchange = () => attempt(() => choose(datasets[Number(choice.value)]));
    await choose(datasets[0]);
  });
}

async function choose(served: ServedDataset | undefined): Promise<void> {
  if (!served) return;
  wanted = served;
  chosen = undefined;
  trier = undefined;
  button.disabled = true;
  const published = await getPublished(traffic, served);
  // The user selected another dataset meanwhile.
  if (wanted !== served) return;
  chosen = { served, published };
  showSuite(published.suite);
  byId('key-field', HTMLElement).hidden = published.suite !== 'hmac';
  byId('trusting', HTMLElement).hidden = served.trust === undefined;
  byId('trust-line', HTMLElement).textContent = served.trust ?? '';
  const samples = SAMPLES.filter(([name]) => name !== 'similar' || published.similar);
  byId('samples', HTMLElement).replaceChildren(
    ...samples.map(([name, label]) => {
      const sample = make('button', { type: 'button', class: 'quiet', 'data-sample': name }, label);
      sample.addEventListener('click', () => trySample(TEST_CREDENTIALS[name]));
      return sample;
    }),
  );
  clearVerdict();
  clearSteps();
  button.disabled = false;
}

/** Runs an action that needs the server, and shows its failure. */
async function attempt(work: () => Promise<void>): Promise<void> {
  trouble.hidden = true;
  try {
    await work();
  } catch (error) {
    // The form's help explains it; nobody has made a mistake yet.
    if (error instanceof PageError && error.code === 'CLIENT_KEY_WANTED') return askForClientKey();
    const known = error instanceof CredveilError;
    trouble.textContent = known ? `${error.message} ${error.hint}` : 'The page failed. Reload it to try again.';
    trouble.hidden = false;
    if (!known) throw error;
    if (error.code === 'CLIENT_KEY_UNKNOWN') askForClientKey();
  }
}

function trySample(sample: { readonly username: string; readonly password: string }): void {
  username.value = sample.username;
  password.value = sample.password;
  // Only test credentials are shown in clear: they are published, so showing them reveals nothing.
  latest = { credential: sample };
  shownByHand = false;
  setRevealed(true);
  if (chosen?.published.suite === 'hmac' && key.value === '') askForKey('Paste the key of the dataset to try this.');
  else void check();
}

function setRevealed(revealed: boolean): void {
  password.type = revealed ? 'text' : 'password';
  compare();
  byId('reveal-word', HTMLElement).textContent = revealed ? 'Hide' : 'Show';
}

/** Compares the last check with other methods. Its password is readable if the field is. */
function compare(): void {
  if (latest) showComparison(latest.credential, latest.trial, password.type === 'text');
}

function askForKey(message: string): void {
  keyError.textContent = message;
  keyError.hidden = false;
  key.setAttribute('aria-invalid', 'true');
  key.focus();
}

function typedCredential(): Credential | undefined {
  if (username.value === '' && password.value === '') return undefined;
  return {
    ...(username.value !== '' && { username: username.value }),
    ...(password.value !== '' && { password: password.value }),
  };
}

async function check(): Promise<void> {
  if (!chosen || busy) return;
  const credential = typedCredential();
  keyError.hidden = true;
  key.removeAttribute('aria-invalid');
  inputError.hidden = credential !== undefined;
  if (!credential) return username.focus();
  const { served, published } = chosen;
  const keyText = key.value.trim();
  latest = { credential };
  compare();
  if (published.suite === 'hmac' && keyText === '')
    return askForKey('Paste the key of the dataset: without it nothing can be compared.');
  setBusy(true);
  clearVerdict();
  try {
    if (trier?.keyText !== keyText) trier = { keyText, trier: createTrier(traffic, served, published, keyText) };
    const trial = await trier.trier.check(credential);
    showSteps(credential, trial);
    latest = { credential, trial };
    compare();
    showVerdict(credential, trial.verdict);
  } catch (error) {
    clearSteps();
    if (!(error instanceof CredveilError)) throw error;
    if (published.suite === 'hmac' && isAboutKey(error.code))
      askForKey(
        error.code === 'KEY_MALFORMED'
          ? 'It looks like credveil-hmac-2.<dataset>.<secret>; `credveil key pin` prints it.'
          : 'This is the key of another dataset.',
      );
    else showFailure(error.code, error.message);
  } finally {
    setBusy(false);
    if (traffic.exchanges.at(-1)?.status === 401) askForClientKey();
  }
}

/** With another key, the head of the dataset does not verify. */
function isAboutKey(code: string): boolean {
  return ['KEY_MALFORMED', 'KEY_MISMATCH', 'DATASET_MISMATCH', 'HEAD_FORGED'].includes(code);
}

/** Not `disabled`, which would take the focus away from the button. */
function setBusy(now: boolean): void {
  busy = now;
  button.setAttribute('aria-disabled', String(now));
  button.textContent = now ? 'Checking…' : 'Check';
}

function showTraffic(): void {
  const cell = (count: number): HTMLElement =>
    make('td', { class: 'number' }, count === 0 ? 'none' : `${formatCount(count)} B`);
  byId('wire', HTMLTableSectionElement).replaceChildren(
    ...traffic.exchanges.map((exchange) => {
      const { method, target, sent, status, received } = exchange;
      const came = status === undefined ? make('td', { class: 'number' }, 'no answer') : cell(received.length);
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, `${method} ${target}`),
        make('td', {}, `${purposeOf(exchange)}${status === undefined || status === 200 ? '' : ` (status ${status})`}`),
        cell(sent.length),
        came,
      );
    }),
  );
}

byId('form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void check();
});
reveal.addEventListener('click', () => {
  shownByHand = password.type === 'password';
  setRevealed(shownByHand);
});
password.addEventListener('input', () => {
  // The field held a published test credential; from now on it holds the user's input.
  if (!shownByHand) setRevealed(false);
});
takeClientKey(traffic, () => void start());

for (const place of document.querySelectorAll<HTMLElement>('section.scroll')) place.tabIndex = 0;

void start();
