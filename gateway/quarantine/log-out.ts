// A login that nobody has confirmed is dead by its seals. Where the configuration names how the
// application logs out, its own session ends too: once, and without waiting for it.

import { isLiveCookie } from '../fields/set-cookies.ts';
import { pairsOf } from '../header-pairs.ts';
import type { Origin } from '../upstream/origin.ts';
import type { HeldLogin } from './held-login.ts';
import type { HoldEvents } from './hold-events.ts';
import type { HoldRules } from './hold-rules.ts';

const TIMEOUT_MS = 10_000;
const REFUSED = 400;

/** @param headers of the gateway's own requests for this client, names and values in turn */
export async function logOutHeld(
  { pool }: Pick<Origin, 'pool'>,
  login: HeldLogin,
  { logout, names }: Pick<HoldRules, 'logout' | 'names'>,
  headers: readonly string[],
  events: HoldEvents,
): Promise<void> {
  const cookies = cookiesOf(login, names.isSession);
  if (!logout || cookies === '') return;
  const { method, path } = logout;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = [...headers, 'Cookie', cookies, ...(method === 'POST' ? ['Origin', login.origin] : [])];
    const { statusCode, body } = await pool.request({ method, path, headers: sent, signal });
    await body.dump({ limit: 65_536 });
    if (statusCode >= REFUSED) events.logoutFailed(login.app, `STATUS_${statusCode}`);
  } catch {
    events.logoutFailed(login.app, 'NO_ANSWER');
  }
}

/** Of sessions, as the browser would send them behind the answer. */
function cookiesOf({ jar, headers }: HeldLogin, isSession: (name: string) => boolean): string {
  const all = new Map(jar.map(([name, text]) => [name, text.split(';', 1)[0] ?? '']));
  for (const [header, line] of pairsOf(headers)) {
    if (header.toLowerCase() !== 'set-cookie') continue;
    const [, name = '', value = ''] = /^([^=;]*)=([^;]*)/.exec(line)?.map((part) => part.trim()) ?? [];
    if (!isSession(name)) continue;
    if (isLiveCookie(line)) all.set(name, value);
    else all.delete(name);
  }
  return [...all].map((pair) => pair.join('=')).join('; ');
}
