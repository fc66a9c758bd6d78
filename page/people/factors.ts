// The page of /factors: what somebody confirms with, under which name, and how it changes.

import { byId, make } from '../dom.ts';
import { get, post, Refused, setToken } from './own-api.ts';

interface Factor {
  readonly id: string;
  readonly method: string;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly trustedFrom: number;
}

interface Own {
  readonly token: string;
  readonly factors: readonly Factor[];
  readonly recoveryLeft: number;
}

const KINDS: { readonly [method: string]: string } = {
  security_key: 'Security key',
  biometrics: 'Passkey',
  totp: 'App for codes',
};
const FEW_CODES = 3;

const trouble = byId('trouble', HTMLElement);
const done = byId('done', HTMLElement);
const list = byId('factors', HTMLElement);
const rename = byId('rename', HTMLDialogElement);
const remove = byId('remove', HTMLDialogElement);
const name = byId('name', HTMLInputElement);
let chosen: Factor | undefined;

async function trying(work: () => Promise<void>): Promise<void> {
  trouble.hidden = true;
  try {
    await work();
  } catch (error) {
    // Changes take another factor, given a moment ago: they confirm, and come back.
    if (error instanceof Refused && error.code === 'FACTOR_NEEDED') await confirm();
    else {
      trouble.hidden = false;
      trouble.textContent = error instanceof Refused ? error.message : 'That did not work. Try again.';
    }
  }
}

async function confirm(): Promise<void> {
  const { challenge } = await post<{ challenge: string }>('/api/factors/manage', { back: '/factors' });
  location.assign(`/step-up#${challenge}`);
}

async function show(): Promise<void> {
  const { token, factors, recoveryLeft } = await get<Own>('/api/factors');
  setToken(token);
  list.replaceChildren(...factors.map(rowOf));
  list.setAttribute('aria-busy', 'false');
  byId('none', HTMLElement).hidden = factors.length > 0;
  byId('recovery-part', HTMLElement).hidden = factors.length === 0;
  const left = `${recoveryLeft} ${recoveryLeft === 1 ? 'is' : 'are'} left`;
  byId('recovery-left', HTMLElement).textContent =
    recoveryLeft === 0
      ? 'You have none. They let you in when everything else is lost.'
      : `${left}. Each counts once, for when everything else is lost.${recoveryLeft <= FEW_CODES ? ' Make new ones soon.' : ''}`;
}

const dayOf = (time: number): string => new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });

function rowOf(factor: Factor): HTMLElement {
  const { method, name: title, createdAt, lastUsedAt, trustedFrom } = factor;
  const used = lastUsedAt === null ? 'never used' : `last used ${dayOf(lastUsedAt)}`;
  const later = trustedFrom > Date.now() ? ` It counts in full from ${new Date(trustedFrom).toLocaleString()} on.` : '';
  const facts = `${KINDS[method] ?? method}, added ${dayOf(createdAt)}, ${used}.${later}`;
  const about = make('div', { class: 'about' }, make('h2', {}, title), make('p', { class: 'soft' }, facts));
  const buttons = make(
    'div',
    { class: 'buttons' },
    buttonOf('Rename', factor, () => {
      name.value = title;
      rename.showModal();
      name.select();
    }),
    buttonOf('Remove', factor, () => {
      byId('removed', HTMLElement).textContent = title;
      remove.showModal();
    }),
  );
  return make('li', { class: 'row card' }, about, buttons);
}

function buttonOf(text: string, factor: Factor, run: () => void): HTMLButtonElement {
  const about = make('span', { class: 'hidden' }, ` ${factor.name}`);
  const button = make('button', { type: 'button', class: 'quiet' }, text, about);
  button.addEventListener('click', () => {
    chosen = factor;
    run();
  });
  return button;
}

rename.addEventListener('close', () => {
  const factor = chosen?.id;
  if (rename.returnValue !== 'save') return;
  void trying(async () => {
    await post('/api/factors/rename', { factor, name: name.value });
    await show();
    done.textContent = `It is called ${name.value} now.`;
  });
});

remove.addEventListener('close', () => {
  const { id: factor, name: title } = chosen ?? {};
  if (remove.returnValue !== 'remove') return;
  void trying(async () => {
    await post('/api/factors/remove', { factor });
    await show();
    done.textContent = `${title} was removed.`;
  });
});

byId('draw', HTMLButtonElement).addEventListener('click', () => {
  void trying(async () => {
    const { codes } = await post<{ codes: readonly string[] }>('/api/factors/recovery', {});
    const place = byId('codes', HTMLElement);
    place.replaceChildren(...codes.map((code) => make('li', {}, make('code', {}, code))));
    place.hidden = false;
    await show();
    done.textContent =
      'Print these codes, or write them down. They are shown this once, and those of before count no more.';
  });
});

void trying(show);
