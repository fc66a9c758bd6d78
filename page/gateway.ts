// The gateway's admin page: logins, failures, limits in force with a button to lift them, rules and
// lists. It asks again every few seconds.

import { byId, type Child, formatCount, formatCounted, make } from './dom.ts';
import { endPeople, startPeople } from './gateway-factors.ts';
import { type PeopleState, showPeople } from './gateway-people.ts';
import { count, fill, text } from './sections.ts';

interface Login {
  readonly app: string;
  readonly login: string;
  readonly outcome: string;
  readonly verdict: string;
  readonly count: number;
}

interface FailureCount {
  readonly name: string;
  readonly failures: number;
}

interface State extends PeopleState {
  readonly version: string;
  readonly startedAt: string;
  readonly config: {
    readonly file: string;
    readonly appliedAt: string;
    readonly lastReload?: { readonly message?: string };
  };
  readonly logins: readonly Login[];
  readonly limited: readonly { readonly limit: string; readonly count: number }[];
  readonly rules: readonly { readonly rule: string; readonly action: string; readonly count: number }[];
  readonly failures: { readonly networks: readonly FailureCount[]; readonly accounts: readonly FailureCount[] };
  readonly bans: readonly Ban[];
  readonly bansTotal: number;
  readonly lists: readonly List[];
}

interface Ban {
  readonly id: string;
  readonly app: string;
  readonly limit: string;
  readonly network?: string;
  readonly user?: string;
  readonly forMs: number;
  readonly token: string;
}

interface List {
  readonly name: string;
  readonly entries: number;
  readonly observed: number;
  readonly ageMs?: number;
  readonly isKnown: boolean;
  readonly isRefused: boolean;
  readonly lastError?: string;
  readonly token: string;
}

const UPDATE_MS = 3_000;
const SESSION = 'credveil-gateway-session';
const MINUTE_MS = 60_000;

const pause = byId('pause', HTMLButtonElement);
const signOut = byId('sign-out', HTMLButtonElement);
const trouble = byId('trouble', HTMLElement);
const done = byId('done', HTMLElement);
let timer: ReturnType<typeof setTimeout> | undefined;

/** The answer is no success. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

async function ask<Answer>(path: string, body?: object): Promise<Answer> {
  const token = sessionStorage.getItem(SESSION);
  const response = await fetch(path, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    cache: 'no-store',
    credentials: 'omit',
  });
  if (!response.ok) throw new Refused(response.status);
  return response.json() as Promise<Answer>;
}

/** A link has its key behind the #, which the address bar loses at once. */
async function takeLink(): Promise<void> {
  const [, key] = /^#key=([\w-]+)$/.exec(location.hash) ?? [];
  if (key === undefined) return;
  history.replaceState(null, '', location.pathname);
  const { token } = await ask<{ token: string }>('sign-in', { key });
  sessionStorage.setItem(SESSION, token);
}

async function update(): Promise<void> {
  clearTimeout(timer);
  try {
    await takeLink();
    show(await ask<State>('state'));
    say('');
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return showSignedOut();
    say('The gateway does not answer. The figures are the last ones.');
  }
  if (pause.getAttribute('aria-pressed') === 'false') timer = setTimeout(update, UPDATE_MS);
}

/** Announced once, not on every update. */
function say(text: string): void {
  trouble.hidden = text === '';
  if (trouble.textContent !== text) trouble.textContent = text;
}

function showSignedOut(): void {
  sessionStorage.removeItem(SESSION);
  say('');
  endPeople();
  byId('figures', HTMLElement).hidden = true;
  byId('signed-out', HTMLElement).hidden = false;
  signOut.hidden = true;
  pause.hidden = true;
  byId('updated', HTMLElement).textContent = 'Signed out.';
}

function show(state: State): void {
  byId('signed-out', HTMLElement).hidden = true;
  byId('figures', HTMLElement).hidden = false;
  signOut.hidden = false;
  pause.hidden = false;
  byId('updated', HTMLElement).textContent = `As of ${new Date().toLocaleTimeString()}`;
  const { version, startedAt, config } = state;
  const refused = config.lastReload?.message === undefined ? '' : ' Its last reload was refused: see the log.';
  byId('process', HTMLElement).textContent =
    `Version ${version}, running since ${new Date(startedAt).toLocaleString()}.${refused}`;
  showBans(state);
  fill(
    'logins',
    'No logins yet.',
    [text('Login'), text('Application'), text('Outcome'), text('Verdict'), count('Logins')],
    state.logins,
    ({ app, login, outcome, verdict, count: logins }) => [login, app, outcome, verdict || '–', formatCount(logins)],
  );
  fill(
    'limited',
    'No limit refused a request yet.',
    [text('Limit'), count('Refused')],
    state.limited,
    ({ limit, count: refused }) => [limit, formatCount(refused)],
  );
  const failures = [text('Name'), count('Failures')];
  const ofFailure = ({ name, failures: many }: FailureCount): Child[] => [name, formatCount(many)];
  fill('networks', 'No failures.', failures, state.failures.networks, ofFailure);
  fill('accounts', 'No failures.', failures, state.failures.accounts, ofFailure);
  fill(
    'rules',
    'No rule applied yet.',
    [text('Rule'), text('Did'), count('Requests')],
    state.rules,
    ({ rule, action, count: requests }) => [rule, action, formatCount(requests)],
  );
  fill(
    'lists',
    'No lists.',
    [text('List'), count('Entries'), count('Observed'), count('Age'), text('State')],
    state.lists,
    (list) => [list.name, formatCount(list.entries), formatCount(list.observed), ageOf(list), stateOf(list)],
  );
  showPeople(state, act);
  startPeople(ask);
}

function showBans({ bans, bansTotal }: State): void {
  const more = bansTotal > bans.length ? `, of which ${formatCount(bans.length)} are shown` : '';
  byId('limits-text', HTMLElement).textContent = `${formatCounted(bansTotal, 'ban')}${more}.`;
  const rows = bans.map(({ forMs, ...ban }) => ({ ...ban, left: spanOf(forMs) }));
  const columns = [text('Whom'), text('Limit'), text('Application'), count('Left'), text('Lift')];
  const focused = document.activeElement?.getAttribute('data-ban');
  fill('limits', 'Nobody is held off.', columns, rows, ({ id, app, limit, network, user, left, token }) => {
    const whom = [network, user && `user ${user}`].filter(Boolean).join(', ') || 'everybody';
    const button = make(
      'button',
      { type: 'button', class: 'quiet', 'data-ban': id },
      'Lift',
      make('span', { class: 'hidden' }, ` the limit on ${whom}`),
    );
    button.addEventListener('click', () => void act('lift', { id, token }, `The limit on ${whom} is lifted.`));
    return [whom, limit, app, left, button];
  });
  if (focused) document.querySelector<HTMLElement>(`[data-ban="${CSS.escape(focused)}"]`)?.focus();
}

async function act(path: string, body: object, message: string): Promise<void> {
  try {
    const { isDone } = await ask<{ isDone: boolean }>(path, body);
    done.textContent = isDone ? message : 'It was over already.';
  } catch {
    done.textContent = 'That was refused. Reload the page, and try again.';
  }
  await update();
}

function stateOf({ name, isKnown, isRefused, lastError, token }: List): Child {
  if (!isRefused) return lastError ?? (isKnown ? 'ok' : 'unknown');
  const button = make(
    'button',
    { type: 'button', class: 'quiet' },
    'Accept',
    make('span', { class: 'hidden' }, ` the new ${name}`),
  );
  button.addEventListener('click', () => void act('accept', { name, token }, `${name} is in force.`));
  return make('span', {}, 'refused ', button);
}

const ageOf = ({ ageMs }: List): string => (ageMs === undefined ? '–' : spanOf(ageMs));

function spanOf(ms: number): string {
  const minutes = Math.ceil(ms / MINUTE_MS);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

pause.addEventListener('click', () => {
  const isPaused = pause.getAttribute('aria-pressed') === 'true';
  pause.setAttribute('aria-pressed', String(!isPaused));
  if (isPaused) void update();
  else clearTimeout(timer);
});
signOut.addEventListener('click', () => {
  clearTimeout(timer);
  ask('sign-out', {})
    .catch(() => undefined)
    .finally(showSignedOut);
});
addEventListener('hashchange', () => void update());
void update();
