// Malformed options of adapters are errors, and so are unknown names in them.

import express from 'express';
import fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import * as onBetterAuth from '../../../client-sdk/adapter/better-auth.ts';
import * as onExpress from '../../../client-sdk/adapter/express.ts';
import * as onFastify from '../../../client-sdk/adapter/fastify.ts';
import * as onFetch from '../../../client-sdk/adapter/fetch.ts';
import * as onHono from '../../../client-sdk/adapter/hono.ts';
import * as onNext from '../../../client-sdk/adapter/next.ts';
import { createLeakChecker, type LeakChecker, LookupError } from '../../../client-sdk/index.ts';
import type { DatasetId } from '../../../protocol/brands.ts';
import { seededKey } from '../../support/dataset.ts';

const checker = createLeakChecker({
  url: 'http://127.0.0.1:9',
  key: seededKey('hmac', 1).revealPin('0123456789abcdef' as DatasetId) as string,
});

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
  test('rejects an unknown option, and suggests the right one', async () => {
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
    test('rejects an unknown field', async () => {
      await expect(creating(create, { fields: { email: 'email' } })).rejects.toMatchObject({
        code: 'OPTION_MALFORMED',
        hint: expect.stringContaining('Did you mean username?'),
      });
    });

    test('rejects an option that has no effect without mode deny', async () => {
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
      fields: { usernames: ['name', ['user', 'email']], password: 'pass' },
    }),
  );
});

test('creating a guard with a malformed option throws an error that names the option', () => {
  const wrong: [Parameters<typeof onFetch.leakCheck>[1] | object, string][] = [
    [{ mode: 'refuse' }, 'mode'],
    [{ mode: 'deny', denyOn: ['clean'] }, 'denyOn'],
    [{ eager: true, onError: true }, 'onError'],
    [{ onError: 'deny' }, 'onError'],
    [{ skip: () => true }, 'skip'],
    [{ mode: 'deny', eager: false }, 'eager'],
    [{ fields: { username: '' } }, 'fields'],
    [{ fields: { password: ['a', 7] } }, 'fields'],
    [{ fields: { password: [] } }, 'fields'],
    [{ fields: { usernames: 'email' } }, 'fields'],
    [{ fields: { username: 'email', usernames: ['email'] } }, 'fields'],
    [{ header: 'a b' }, 'header'],
    [{ property: '' }, 'property'],
    [{ eager: true, skip: 'never' }, 'skip'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes'],
  ];
  for (const [options, name] of wrong) {
    const make = (): unknown => onFetch.leakCheck(checker, options as Parameters<typeof onFetch.leakCheck>[1]);
    expect(make, name).toThrow(LookupError);
    expect(make, name).toThrow(`option ${name}: `);
  }
  expect(() => onExpress.leakCheck({} as LeakChecker)).toThrow('option checker: ');
});

test.each([
  [{ fields: { usernames: [] } }, 'fields'],
  [{ mode: 'deny', denyOn: [] }, 'denyOn'],
  [[], 'options'],
  [['pair'], 'options'],
  [{ fields: ['email'] }, 'fields'],
])('an option without effect is refused: %j', (options, name) => {
  const make = (): unknown => onFetch.leakCheck(checker, options as Parameters<typeof onFetch.leakCheck>[1]);
  expect(make).toThrow(`option ${name}: `);
});

test.each([
  [{ newPassword: 'denny' }, 'mode'],
  [{ signIn: 'refuse' }, 'mode'],
  [{ denyOn: [] }, 'denyOn'],
  [{ newPassword: 'annotate', denyOn: ['pair'] }, 'denyOn'],
])('better-auth refuses %j', (options, name) => {
  const make = (): unknown => onBetterAuth.leakCheck({ checker, ...(options as object) });
  expect(make).toThrow(`option ${name}: `);
});
