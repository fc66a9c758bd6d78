// Unknown names in an adapter's options are errors, in every adapter.

import express from 'express';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import * as onBetterAuth from '../../../client-sdk/adapter/better-auth.ts';
import * as onExpress from '../../../client-sdk/adapter/express.ts';
import * as onFastify from '../../../client-sdk/adapter/fastify.ts';
import * as onFetch from '../../../client-sdk/adapter/fetch.ts';
import * as onHono from '../../../client-sdk/adapter/hono.ts';
import * as onNext from '../../../client-sdk/adapter/next.ts';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import { seededKey } from '../../support/dataset.ts';

const checker = createLeakChecker({ url: 'http://127.0.0.1:9', key: seededKey('hmac', 1).revealText() });

/** Creates a guard with options that the types refuse. */
const CREATE: Readonly<Record<string, (options: object) => unknown>> = {
  express: (options) => onExpress.leakCheck(checker, options),
  fastify: async (options) => fastify().register(onFastify.leakCheck, { checker, ...options }),
  'a route of fastify': async (options) => {
    const app = fastify();
    await app.register(onFastify.leakCheck, { checker });
    app.post('/', { config: { leakCheck: options as onFastify.RouteOptions } }, async () => '');
  },
  hono: (options) => onHono.leakCheck(checker, options),
  fetch: (options) => onFetch.leakCheck(checker, options),
  next: (options) => onNext.leakCheck(checker, options),
  'the proxy of next': (options) => onNext.leakProxy(checker, { next: () => new Response(), ...options }),
  'better-auth': (options) => onBetterAuth.leakCheck({ checker, ...options }),
};

const creating = async (create: (options: object) => unknown, options: object): Promise<unknown> => create(options);

describe.each(Object.entries(CREATE))('%s', (name, create) => {
  test.fails('rejects an unknown option, and suggests the right one', async () => {
    for (const [options, hint] of [
      [{ onResults: () => {} }, 'Did you mean onResult?'],
      [{ headers: 'X-Leak' }, 'Did you mean header?'],
      [{ timeout: 300 }, 'The options are'],
    ] as const)
      await expect(creating(create, options), hint).rejects.toMatchObject({
        code: 'OPTION_MALFORMED',
        hint: expect.stringContaining(hint),
      });
  });

  if (name !== 'better-auth') {
    test.fails('rejects an unknown field', async () => {
      await expect(creating(create, { fields: { email: 'email' } })).rejects.toMatchObject({
        code: 'OPTION_MALFORMED',
        hint: expect.stringContaining('Did you mean username?'),
      });
    });

    test.fails('rejects an option that has no effect without mode deny', async () => {
      await expect(creating(create, { denyOn: ['pair'] })).rejects.toMatchObject({ code: 'OPTION_MALFORMED' });
    });
  }
});

test('express is created with every option that it has', () => {
  express().use(
    onExpress.leakCheck(checker, {
      mode: 'deny',
      denyOn: ['pair'],
      onError: 'deny',
      handler: () => {},
      skip: () => false,
      onResult: () => {},
      property: 'exposure',
      header: 'X-Leak',
      fields: { username: 'name', password: 'pass' },
    }),
  );
});
