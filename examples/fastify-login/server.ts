// A login with Fastify and bcrypt. A leaked password has to be changed before anything else.

import { randomBytes } from 'node:crypto';
import { createLeakChecker, type LookupError } from '@credveil/client';
import { leakCheck } from '@credveil/client/fastify';
import bcrypt from 'bcryptjs';
import fastify, { type preValidationHookHandler } from 'fastify';

interface Session {
  readonly username: string;
  mustChangePassword: boolean;
}

const checker = createLeakChecker({
  url: process.env.CREDVEIL_URL ?? 'http://127.0.0.1:8787',
  key: process.env.CREDVEIL_KEY ?? '',
});
const hashes = new Map<string, string>();
const sessions = new Map<string, Session>();
/** Compared if the user does not exist, so that timing does not reveal that. */
const NOBODY = bcrypt.hashSync(randomBytes(16).toString('hex'), 10);

const text = { type: 'string', minLength: 1, maxLength: 200 };
const credential = {
  type: 'object',
  required: ['username', 'password'],
  properties: { username: text, password: text },
};

/**
 * Refuses passwords that bcrypt does not keep apart: it ignores what follows 72 bytes, and repeats
 * its key at a NUL, so that two texts can be one password to it, and another one to the check.
 */
const refuseUnequal: preValidationHookHandler = async ({ body }, reply) => {
  const { password } = (body ?? {}) as { password?: unknown };
  if (typeof password === 'string' && (Buffer.byteLength(password) > 72 || /\p{Cc}/u.test(password)))
    return reply.code(400).send({ error: 'at most 72 bytes, without control characters' });
  return undefined;
};

const app = fastify({ bodyLimit: 16_384 });
await app.register(leakCheck, { checker });

const sessionOf = (authorization = ''): Session | undefined => sessions.get(authorization.replace(/^Bearer /, ''));

app.post<{ Body: { username: string; password: string } }>(
  '/sign-up',
  { preValidation: refuseUnequal, schema: { body: credential }, config: { leakCheck: { mode: 'deny' } } },
  async ({ body }, reply) => {
    if (hashes.has(body.username)) return reply.code(409).send({ error: 'this username is taken' });
    hashes.set(body.username, await bcrypt.hash(body.password, 10));
    return reply.code(201).send({});
  },
);

app.post<{ Body: { username: string; password: string } }>(
  '/login',
  { preValidation: refuseUnequal, schema: { body: credential } },
  async (request, reply) => {
    const { body } = request;
    const isRight = await bcrypt.compare(body.password, hashes.get(body.username) ?? NOBODY);
    if (!isRight) return reply.code(401).send({ error: 'wrong username or password' });
    // Only now: a wrong password costs no check, and its answer tells nothing about leaks.
    const mustChangePassword = (await request.leaks()).action !== 'allow';
    const token = randomBytes(32).toString('base64url');
    sessions.set(token, { username: body.username, mustChangePassword });
    return { token, mustChangePassword };
  },
);

app.post<{ Body: { password: string } }>(
  '/password',
  {
    schema: { body: { type: 'object', required: ['password'], properties: { password: text } } },
    // Only logged-in users reach this route, and the pair has the session's username.
    preValidation: [
      async ({ headers }, reply) =>
        sessionOf(headers.authorization) ? undefined : reply.code(401).send({ error: 'log in first' }),
      refuseUnequal,
    ],
    config: {
      leakCheck: {
        mode: 'deny',
        fields: ({ body, headers }) => ({
          username: sessionOf(headers.authorization)?.username,
          password: (body as { password: string }).password,
        }),
      },
    },
  },
  async ({ body, headers }, reply) => {
    const session = sessionOf(headers.authorization);
    if (!session) return reply.code(401).send({ error: 'log in first' });
    hashes.set(session.username, await bcrypt.hash(body.password, 10));
    session.mustChangePassword = false;
    return {};
  },
);

app.get('/home', async ({ headers }, reply) => {
  const session = sessionOf(headers.authorization);
  if (!session) return reply.code(401).send({ error: 'log in first' });
  if (session.mustChangePassword) return reply.code(403).send({ error: 'change your password first' });
  return { hello: session.username };
});

// Before the first login: the first check of a cold process could exceed its deadline. An outage is
// no reason not to start; a wrong URL or key is.
await checker.ready().catch((error: LookupError) => {
  if (!['NETWORK', 'TIMEOUT', 'HTTP_STATUS'].includes(error.code)) throw error;
  console.warn(`${error.message}. ${error.hint}`);
});
const address = await app.listen({ port: Number(process.env.PORT ?? 3000) });
console.log(address);
