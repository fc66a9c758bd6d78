// The page of /step-up: somebody shows a factor, and goes on to where they came from.

import { byId } from '../dom.ts';
import { type KeyOptions, post, Refused, setToken, useKey } from './own-api.ts';

interface Opened {
  readonly location?: string;
  readonly challenge: string;
  readonly token: string;
  readonly app?: string;
  readonly methods: readonly string[];
  readonly hasRecovery: boolean;
  readonly hasAny: boolean;
  readonly usableFrom?: number;
}

const why = byId('why', HTMLElement);
const trouble = byId('trouble', HTMLElement);

function say(error: unknown): void {
  trouble.hidden = false;
  trouble.textContent =
    error instanceof Refused ? error.message : 'That did not work. Try again, or use something else.';
}

const show = (id: string, isShown: boolean): void => {
  byId(id, HTMLElement).hidden = !isShown;
};

async function start(): Promise<void> {
  const to = new URLSearchParams(location.search).get('to');
  const challenge = location.hash.slice(1);
  const opened = await post<Opened>('/api/challenge/open', to === null ? { challenge } : { to });
  if (opened.location !== undefined) {
    location.replace(opened.location);
    return;
  }
  setToken(opened.token);
  offer(opened);
}

function offer({ challenge, app, methods, hasRecovery, hasAny, usableFrom }: Opened): void {
  const hasKey = methods.includes('security_key') || methods.includes('biometrics');
  const hasCode = methods.includes('totp');
  why.textContent = app === undefined ? 'Before anything changes:' : `Before you go on to ${app}:`;
  if (!hasKey && !hasCode)
    why.textContent =
      usableFrom === undefined
        ? 'This site asks for a key, a passkey or an app that you have not added yet.'
        : `What you have added counts here from ${new Date(usableFrom).toLocaleString()} on.`;
  show('key-part', hasKey);
  show('code-part', hasCode);
  show('recovery-part', hasRecovery);
  show('enrol-part', !hasKey && !hasCode && (usableFrom === undefined || !hasAny));
  byId('key', HTMLButtonElement).addEventListener('click', () => {
    void answer(async () => {
      const options = await post<KeyOptions>('/api/challenge/key', { challenge });
      return { challenge, key: await useKey(options) };
    });
  });
  for (const [form, field] of [
    ['code-part', 'code'],
    ['recovery-form', 'recovery'],
  ] as const)
    byId(form, HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void answer(async () => ({ challenge, code: byId(field, HTMLInputElement).value }));
    });
  if (hasKey) byId('key', HTMLButtonElement).focus();
  else if (hasCode) byId('code', HTMLInputElement).focus();
}

async function answer(make: () => Promise<object>): Promise<void> {
  trouble.hidden = true;
  try {
    const { location: next } = await post<{ location: string }>('/api/challenge/answer', await make());
    location.assign(next);
  } catch (error) {
    say(error);
  }
}

start().catch((error: unknown) => {
  why.textContent = '';
  say(error);
});
