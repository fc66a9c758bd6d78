// A login with Express and bcrypt. A leaked password needs confirmation by mail before the session
// counts.

import { randomBytes, randomInt } from 'node:crypto';
import { createLeakChecker, type LookupError } from '@credveil/client';
import { leakCheck } from '@credveil/client/express';
import bcrypt from 'bcryptjs';
import express, { type RequestHandler } from 'express';

interface Session {
  readonly username: string;
  /** The mailed code, until the user confirms it. */
  code?: string;
}

const leaks = createLeakChecker({
  url: process.env.CREDVEIL_URL ?? 'http://127.0.0.1:8787',
  key: process.env.CREDVEIL_KEY ?? '',
});
const hashes = new Map<string, string>();
const sessions = new Map<string, Session>();
/** Compared if the user does not exist, so that timing does not reveal that. */
const NOBODY = bcrypt.hashSync(randomBytes(16).toString('hex'), 10);

const sendMail = (to: string, code: string): void => console.log(`mail to ${to}: your code is ${code}`);

/**
 * Passwords that bcrypt keeps apart: it ignores what follows 72 bytes, and repeats its key at a
 * NUL, so that two texts can be one password to it, and another one to the check.
 */
const isPassword = (text: unknown): text is string =>
  typeof text === 'string' && Buffer.byteLength(text) <= 72 && !/\p{Cc}/u.test(text);

const readCredential: RequestHandler = ({ body }, response, next) => {
  if (typeof body?.username === 'string' && isPassword(body.password)) next();
  else response.status(400).json({ error: 'username and password are required, in at most 72 bytes' });
};

const app = express();
app.use(express.json({ limit: '16kb' }));

// The guard rejects a leaked new password, and the response gives the reason.
app.post('/sign-up', readCredential, leakCheck(leaks, { mode: 'deny' }), async ({ body }, response) => {
  if (hashes.has(body.username)) return response.status(409).json({ error: 'this username is taken' });
  hashes.set(body.username, await bcrypt.hash(body.password, 10));
  return response.status(201).json({});
});

app.post('/login', readCredential, leakCheck(leaks), async (request, response) => {
  const { body } = request;
  const isRight = await bcrypt.compare(body.password, hashes.get(body.username) ?? NOBODY);
  if (!isRight) return response.status(401).json({ error: 'wrong username or password' });

  const session: Session = { username: body.username };
  const token = randomBytes(32).toString('base64url');
  sessions.set(token, session);
  response.cookie('session', token, { httpOnly: true, sameSite: 'lax' });

  // Only now: a wrong password costs no check, and its answer tells nothing about leaks.
  const { action } = await request.leaks();
  if (action !== 'allow') {
    session.code = String(randomInt(1e6)).padStart(6, '0');
    sendMail(session.username, session.code);
    return response.status(202).json({ next: 'confirm', why: 'this password has appeared in a data breach' });
  }
  // An outage of the service is `allow` too: it locks no user out.
  return response.json({ next: 'home' });
});

const sessionOf = (cookies = ''): Session | undefined =>
  sessions.get(/(?:^|; )session=([^;]+)/.exec(cookies)?.[1] ?? '');

app.post('/login/confirm', ({ body, headers }, response) => {
  const session = sessionOf(headers.cookie);
  const { code } = session ?? {};
  // One attempt per code.
  if (session) session.code = '';
  if (!session || !code || body?.code !== code) return response.status(401).json({ error: 'wrong code: log in again' });
  delete session.code;
  return response.json({ next: 'change-password' });
});

app.get('/home', ({ headers }, response) => {
  const session = sessionOf(headers.cookie);
  if (!session || session.code !== undefined) return response.status(401).json({ error: 'log in first' });
  return response.json({ hello: session.username });
});

// Before the first login: the first check of a cold process could exceed its deadline. An outage is
// no reason not to start; a wrong URL or key is.
await leaks.ready().catch((error: LookupError) => {
  if (!['NETWORK', 'TIMEOUT', 'HTTP_STATUS'].includes(error.code)) throw error;
  console.warn(`${error.message}. ${error.hint}`);
});
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : address}`);
});
