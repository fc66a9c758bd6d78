// A login by HTML form with Hono and bcrypt. A leaked password leads to the page that changes it.

import { createLeakChecker, type LookupError } from '@credveil/client';
import { leakCheck } from '@credveil/client/hono';
import { serve } from '@hono/node-server';
import bcrypt from 'bcryptjs';
import { Hono, type MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { html } from 'hono/html';

const leaks = createLeakChecker({
  url: process.env.CREDVEIL_URL ?? 'http://127.0.0.1:8787',
  key: process.env.CREDVEIL_KEY ?? '',
});
const hashes = new Map<string, string>();
const sessions = new Map<string, { username: string; mustChangePassword: boolean }>();
/** Compared if the user does not exist, so that timing does not reveal that. */
const NOBODY = bcrypt.hashSync(crypto.randomUUID(), 10);

const form = (action: string, why = '') => html`<!doctype html>
  <title>${action}</title>
  <p role="alert">${why}</p>
  <form method="post" action="${action}">
    <input name="email" type="email" autocomplete="username" required>
    <input name="password" type="password" required>
    <button>${action}</button>
  </form>`;

/** The text of a form field. */
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Refuses passwords that bcrypt does not keep apart: it ignores what follows 72 bytes, and repeats
 * its key at a NUL, so that two texts can be one password to it, and another one to the check.
 */
const refuseUnequal: MiddlewareHandler = async (c, next) => {
  const { password } = await c.req.parseBody();
  if (new TextEncoder().encode(text(password)).length <= 72 && !/\p{Cc}/u.test(text(password))) return next();
  return c.html(form(c.req.path, 'At most 72 bytes, without control characters.'), 400);
};

const app = new Hono();
app.get('/login', (c) => c.html(form('/login')));
app.get('/sign-up', (c) => c.html(form('/sign-up')));

// `handler` answers in this application's format and gives the reason (NIST SP 800-63B).
const refuse = leakCheck(leaks, {
  mode: 'deny',
  handler: (_verdict, c) =>
    c.html(form('/sign-up', 'This password has appeared in a data breach. Choose another.'), 422),
});

app.post('/sign-up', refuseUnequal, refuse, async (c) => {
  const { email, password } = await c.req.parseBody();
  if (!text(email) || !text(password) || hashes.has(text(email)))
    return c.html(form('/sign-up', 'Try another one.'), 400);
  hashes.set(text(email), await bcrypt.hash(text(password), 10));
  return c.redirect('/login', 303);
});

app.post('/login', refuseUnequal, leakCheck(leaks), async (c) => {
  const { email, password } = await c.req.parseBody();
  const isRight = await bcrypt.compare(text(password), hashes.get(text(email)) ?? NOBODY);
  if (!isRight) return c.html(form('/login', 'Wrong address or password.'), 401);
  // Only now: a wrong password costs no check, and its answer tells nothing about leaks.
  const mustChangePassword = (await c.var.leaks()).action !== 'allow';
  const token = crypto.randomUUID();
  sessions.set(token, { username: text(email), mustChangePassword });
  setCookie(c, 'session', token, { httpOnly: true, sameSite: 'Lax', path: '/' });
  return c.redirect(mustChangePassword ? '/password' : '/home', 303);
});

app.get('/home', (c) => {
  const session = sessions.get(getCookie(c, 'session') ?? '');
  if (!session) return c.redirect('/login', 303);
  if (session.mustChangePassword) return c.redirect('/password', 303);
  return c.html(html`<p>Hello ${session.username}</p>`);
});

app.get('/password', (c) => c.html(html`<p>Your password has appeared in a data breach: change it.</p>`));

// Before the first login: the first check of a cold process could exceed its deadline. An outage is
// no reason not to start; a wrong URL or key is.
await leaks.ready().catch((error: LookupError) => {
  if (!['NETWORK', 'TIMEOUT', 'HTTP_STATUS'].includes(error.code)) throw error;
  console.warn(`${error.message}. ${error.hint}`);
});
serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) =>
  console.log(`http://localhost:${port}`),
);
