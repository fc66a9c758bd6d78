// The client key for servers with a list of clients: requested on refusal, kept in memory only.

import { byId } from './dom.ts';
import type { Traffic } from './traffic.ts';

const form = byId('client-key-form', HTMLFormElement);
const field = byId('client-key', HTMLInputElement);

export function askForClientKey(): void {
  // Do not interrupt a user who is already typing one.
  if (!form.hidden) return;
  form.hidden = false;
  field.focus();
}

/** @param onGiven repeats the request with the key */
export function takeClientKey(traffic: Traffic, onGiven: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    traffic.clientKey = field.value.trim() || undefined;
    form.hidden = true;
    onGiven();
  });
}
