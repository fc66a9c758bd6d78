// A process that signs people in and ends sessions until it is killed, and prints each once it was
// answered: `NAME OWN APP` began, `NAME ?` is about to end, `NAME -` has ended.

import { createSecretKey } from 'node:crypto';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { openSqliteState } from '../../../../gateway/state/sqlite-state.ts';
import { personOf, signIn } from './people.ts';

const [file = '', prefix = '', key = ''] = process.argv.slice(2);
const state = openSqliteState({ file, onEvent: () => undefined });
const store = new SessionStore(state, createSecretKey(Buffer.from(key, 'hex')));
const ends = [
  (own: string) => store.endPerson(SessionStore.idOf(own)),
  (_: string, ofApp: string) => store.endApp(SessionStore.idOf(ofApp)),
  (_: string, __: string, name: string) => store.endAllOf(personOf(name)),
];
for (let i = 0; ; i++) {
  const name = `${prefix}-${i}`;
  const { own, ofApp } = await signIn(store, personOf(name), 'app.example', name);
  process.stdout.write(`${name} ${own} ${ofApp}\n`);
  if (i % 2 === 0) continue;
  process.stdout.write(`${name} ?\n`);
  await ends[((i - 1) / 2) % ends.length]?.(own, ofApp, name);
  process.stdout.write(`${name} -\n`);
}
