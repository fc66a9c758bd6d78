// Sign-ins of programs that wait for one person: the last ones are shown, and the page says where
// that is not all.

import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { waitingPage } from '../../../gateway/launcher/waiting-page.ts';
import { WaitingLogins } from '../../../gateway/quarantine/waiting-logins.ts';
import { openTestState } from '../../support/gateway/state/states.ts';

const SHOWN = 25;
const loginOf = (id: string) => ({ id, app: 'app', site: 'app.example', user: 'ann', address: '192.0.2.1', since: 0 });

test('the page shows the last 25, and says that more wait', async () => {
  const { state } = openTestState();
  const waiting = new WaitingLogins(state, createSecretKey(Buffer.alloc(32, 1)), (person) => `of-${person}`);
  const left = new AbortController();
  const wait = (id: string, person = 'ann') =>
    waiting.wait(loginOf(id), person, { left: left.signal, isHeld: async () => true });
  const textOf = async (): Promise<string> => {
    const { logins, isCut } = await waiting.listOf('ann');
    return waitingPage({ waiting: logins, isCut, person: 'ann', token: 't', now: 0 }).content.markup;
  };
  expect(await textOf()).toContain('Nothing waits');
  const all = Array.from({ length: SHOWN }, (_, i) => wait(`id-${i}`));
  all.push(wait('of-bob', 'bob'));
  await expect.poll(async () => (await waiting.listOf('ann')).logins).toHaveLength(SHOWN);
  expect(await textOf()).not.toContain('More wait');
  all.push(wait('one-more'));
  await expect.poll(async () => (await waiting.listOf('ann')).isCut).toBe(true);
  const text = await textOf();
  expect(text).toContain('More wait than are shown');
  expect(text.match(/<li /g)).toHaveLength(SHOWN);
  expect(text).not.toContain('of-bob');
  // Confirm and refuse each of them, and refuse them all.
  expect(text.match(/name="login"/g)).toHaveLength(3 * SHOWN);
  left.abort();
  expect(await Promise.all(all)).not.toContain(true);
});
