// The admin page's section about people: who confirms with what, codes for new factors, and how
// their factors and sessions end.

import { byId, type Child, make } from './dom.ts';
import { actionButton, timeOf } from './gateway-people.ts';
import { count, fill, text } from './sections.ts';

interface Factor {
  readonly id: string;
  readonly method: string;
  readonly name: string;
  readonly lastUsedAt: number | null;
  readonly token: string;
}

interface Person {
  readonly user: string;
  readonly hadFactor: boolean;
  readonly factors: readonly Factor[];
  readonly recoveryLeft: number;
  readonly codeUntil: number | null;
  readonly codeToken: string;
  readonly endToken: string;
}

interface Found {
  readonly people: readonly Person[];
  readonly next?: string;
  readonly isKept: boolean;
}

export type Ask = <Answer>(path: string, body: object) => Promise<Answer>;

const METHODS: { readonly [method: string]: string } = {
  security_key: 'security key',
  biometrics: 'passkey',
  totp: 'app for codes',
};

const done = byId('done', HTMLElement);
const note = byId('people-text', HTMLElement);
const form = byId('people-search', HTMLFormElement);
const search = byId('people-name', HTMLInputElement);
const more = byId('people-more', HTMLButtonElement);
const sure = byId('sure', HTMLDialogElement);
const given = byId('given', HTMLDialogElement);

/** Of what is shown. */
let shown = { search: '', after: '' };
let next: string | undefined;
let ask: Ask = () => Promise.reject(new Error('nobody is signed in'));
let isStarted = false;

/** Once somebody has signed in. */
export function startPeople(asking: Ask): void {
  ask = asking;
  if (isStarted) return;
  isStarted = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void find({ search: search.value, after: '' });
  });
  more.addEventListener('click', () => void find({ ...shown, after: next ?? '' }));
  void find(shown);
}

/** Nobody is signed in any more: nothing of anybody stays. */
export function endPeople(): void {
  isStarted = false;
  given.close();
  sure.close();
  show({ people: [], isKept: true });
}

async function find(wanted: typeof shown): Promise<void> {
  try {
    const found = await ask<Found>('people', wanted);
    shown = wanted;
    show(found);
  } catch {
    note.textContent = 'The gateway did not answer. Search again.';
  }
}

function show({ people, next: after, isKept }: Found): void {
  next = after;
  more.hidden = after === undefined;
  form.hidden = !isKept;
  note.textContent = textOf(people.length, isKept);
  const columns = [text('Person'), text('Confirms with'), count('Recovery codes'), text('Code'), text('Change')];
  fill('people', shown.search === '' ? 'Nobody was imported so far.' : 'Nobody.', columns, people, (person) => [
    person.user,
    factorsOf(person),
    String(person.recoveryLeft),
    person.codeUntil === null ? '–' : `until ${timeOf(person.codeUntil)}`,
    buttonsOf(person),
  ]);
}

function textOf(found: number, isKept: boolean): string {
  if (!isKept) return 'This gateway keeps nobody: people do not sign in with it.';
  const people = found === 1 ? '1 person' : `${found} people`;
  return next === undefined ? `${people}.` : `${people}, and there may be more.`;
}

function factorsOf({ user, factors, hadFactor }: Person): Child {
  if (factors.length === 0) return hadFactor ? 'nothing any more' : 'nothing';
  return make(
    'ul',
    { class: 'factors' },
    ...factors.map(({ id, name, method, lastUsedAt, token }) => {
      const used = lastUsedAt === null ? 'never used' : `last used ${timeOf(lastUsedAt)}`;
      const about = make('span', {}, name, make('span', { class: 'soft' }, ` ${METHODS[method] ?? method}, ${used}`));
      const remove = () => askToRemove(`${name}, of ${user}`, { user, factor: id, token });
      return make('li', {}, about, actionButton('Remove', `${name} of ${user}`, remove));
    }),
  );
}

function buttonsOf({ user, codeToken, endToken }: Person): Child {
  const end = () => act('people/end', { user, token: endToken }, `All sessions of ${user} have ended.`);
  return make(
    'span',
    { class: 'buttons' },
    actionButton('Give a code', `to ${user}`, () => giveCode(user, codeToken)),
    actionButton('End sessions', `of ${user}`, end),
  );
}

function askToRemove(what: string, body: object): void {
  byId('sure-what', HTMLElement).textContent = what;
  sure.returnValue = '';
  sure.onclose = () => {
    if (sure.returnValue !== 'remove') return;
    act('people/remove', body, `${what}: removed.`);
    search.focus();
  };
  sure.showModal();
}

function act(path: string, body: object, message: string): void {
  trying(async () => {
    const { isDone } = await ask<{ isDone: boolean }>(path, body);
    done.textContent = isDone ? message : 'There was nothing to end any more.';
  });
}

function giveCode(user: string, token: string): void {
  trying(async () => {
    const { code } = await ask<{ code: string }>('people/code', { user, token });
    byId('given-whom', HTMLElement).textContent = user;
    byId('given-code', HTMLElement).textContent = code;
    given.onclose = () => {
      // It is on the page for as long as somebody reads it.
      byId('given-code', HTMLElement).replaceChildren();
      // The row was drawn anew meanwhile.
      document.querySelector<HTMLElement>(`[data-about="${CSS.escape(`Give a code to ${user}`)}"]`)?.focus();
    };
    given.showModal();
    done.textContent = `There is a code for ${user}.`;
  });
}

function trying(work: () => Promise<void>): void {
  work()
    .catch(() => {
      done.textContent = 'That was refused. Search again, and try it once more.';
    })
    .finally(() => void find(shown));
}
