// The page of /enrol: somebody adds a key or a passkey. Without a script, it adds apps.

import { byId } from '../dom.ts';
import { createKey, type KeyOptions, post, Refused, setToken } from './own-api.ts';

interface Begun {
  readonly enrolment: string;
  readonly key: KeyOptions;
}

const trouble = byId('trouble', HTMLElement);
const begin = byId('begin', HTMLFormElement);

begin.addEventListener('submit', (event) => {
  const { value: method } = event.submitter as HTMLButtonElement;
  if (method === 'totp') return;
  event.preventDefault();
  trouble.hidden = true;
  addKey(method).catch((error: unknown) => {
    trouble.hidden = false;
    trouble.textContent = error instanceof Refused ? error.message : 'That did not work. Try again.';
  });
});

async function addKey(method: string): Promise<void> {
  const form = new FormData(begin);
  const [token = '', to = '', name = '', code = ''] = ['token', 'to', 'name', 'code'].map((field) =>
    String(form.get(field) ?? '').trim(),
  );
  setToken(token);
  const { enrolment, key } = await post<Begun>('/api/factors/begin', { method, ...(code !== '' && { code }) });
  const made = { enrolment, name, key: await createKey(key), to };
  const { location: next } = await post<{ location: string }>('/api/factors/finish', made);
  location.assign(next);
}
