// The client key, where a server answers registered clients only: asked for when it refuses, kept in memory alone.

import { byId } from './dom.ts';
import type { Traffic } from './traffic.ts';

const form = byId('client-key-form', HTMLFormElement);
const field = byId('client-key', HTMLInputElement);

export function askForClientKey(): void {
  // Who is at it already is not interrupted.
  if (!form.hidden) return;
  form.hidden = false;
  field.focus();
}

/** @param onGiven asks again, now with the key */
export function takeClientKey(traffic: Traffic, onGiven: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    traffic.clientKey = field.value.trim() || undefined;
    form.hidden = true;
    onGiven();
  });
}
