// What the types of the adapters accept and reject. A failure shows in `npm run check:types`.

import express from 'express';
import { Hono } from 'hono';
import { expect, expectTypeOf, test } from 'vitest';
import { leakCheck as onBetterAuth } from '../../../client-sdk/adapter/better-auth.ts';
import { type AskLeaks, leakCheck as onExpress } from '../../../client-sdk/adapter/express.ts';
import type { LeakCheckOptions as FastifyOptions } from '../../../client-sdk/adapter/fastify.ts';
import { leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import {
  type CleanVerdict,
  createLeakChecker,
  type ExposedCredentialCheck,
  type FindingVerdict,
  type UnknownReason,
  type UnknownVerdict,
  type Verdict,
} from '../../../client-sdk/index.ts';
import type { DatasetId } from '../../../protocol/brands.ts';
import { seededKey } from '../../support/dataset.ts';

const key = seededKey('hmac', 1).revealPin('0123456789abcdef' as DatasetId) as string;
const leaks = createLeakChecker({ url: 'http://127.0.0.1:9', key });

test('mode annotate rejects the options of mode deny', () => {
  const refused = (create: () => unknown): void => expect(create).toThrow('has no effect');
  // @ts-expect-error a guard that never denies has no handler
  refused(() => onExpress(leaks, { handler: () => {} }));
  // @ts-expect-error nor a list of findings that deny
  refused(() => onExpress(leaks, { mode: 'annotate', denyOn: ['pair'] }));
  // @ts-expect-error where the handler asks, the policy of the checker decides on failures
  refused(() => onExpress(leaks, { onError: 'deny' }));
  // @ts-expect-error a path is a list of names
  expect(() => onExpress(leaks, { fields: { username: { user: 'email' } } })).toThrow('option fields');
  // @ts-expect-error a `fields` function returns a credential
  onExpress(leaks, { fields: () => 'a password' });
  onExpress(leaks, {
    mode: 'deny',
    denyOn: ['pair', 'username'],
    handler: (verdict, request, response) => response.status(409).send(verdict.status + request.path),
  });
  onExpress(leaks, {
    eager: true,
    onError: (verdict, request) => {
      expectTypeOf(verdict.status).toEqualTypeOf<'unknown'>();
      expectTypeOf(verdict.reason).toEqualTypeOf<UnknownReason>();
      return request.path === '/admin' ? 'deny' : 'allow';
    },
    handler: (_verdict, _request, response) => response.status(503).end(),
  });
  expectTypeOf<{ checker: typeof leaks; mode: 'deny' }>().toExtend<FastifyOptions>();
  expectTypeOf<{ checker: typeof leaks; handler: () => void }>().not.toExtend<FastifyOptions>();
  onBetterAuth({ checker: leaks, onSignIn: (verdict) => expectTypeOf(verdict).toEqualTypeOf<Verdict>() });
});

test('a verdict has a reason if it is unknown, and the members of a finding if it is one', async () => {
  const verdict = await createLeakChecker({ url: 'http://127.0.0.1:9', key }).check({ password: 'x' });
  if (verdict.status === 'unknown') {
    expectTypeOf(verdict).toEqualTypeOf<UnknownVerdict>();
    expectTypeOf(verdict.reason).toEqualTypeOf<UnknownReason>();
  } else if (verdict.status === 'clean') {
    expectTypeOf(verdict).toEqualTypeOf<CleanVerdict>();
    expectTypeOf(verdict.reason).toEqualTypeOf<undefined>();
    // @ts-expect-error nothing was seen
    verdict.timesSeen?.toFixed();
  } else {
    expectTypeOf(verdict).toEqualTypeOf<FindingVerdict>();
    expectTypeOf(verdict.timesSeen).toEqualTypeOf<number | undefined>();
    expectTypeOf(verdict.exposedCredentialCheck).toEqualTypeOf<ExposedCredentialCheck>();
  }
  const { status, reason } = verdict;
  if (status === 'unknown') expectTypeOf(reason).toEqualTypeOf<UnknownReason>();
  expect([status, reason]).toEqual(['unknown', 'NETWORK']);
});

test('the question is typed in every framework, under any property name', () => {
  express().post('/', onExpress(leaks), async (request, response) => {
    expectTypeOf(request.leaks).toEqualTypeOf<AskLeaks>();
    expectTypeOf(await request.leaks()).toEqualTypeOf<Verdict>();
    response.end();
  });
  new Hono()
    .post('/a', onHono(leaks), (c) => {
      expectTypeOf(c.var.leaks).toEqualTypeOf<AskLeaks>();
      return c.body(null);
    })
    .post('/b', onHono(leaks, { property: 'exposure' }), (c) => {
      expectTypeOf(c.get('exposure')).toEqualTypeOf<AskLeaks>();
      return c.body(null);
    });
  onFetch(leaks)((request, env: { name: string }) => {
    expectTypeOf(request.leaks).toEqualTypeOf<AskLeaks>();
    return new Response(env.name);
  });
  onFetch(leaks, { property: 'exposure' })(({ exposure }) => {
    expectTypeOf(exposure).toEqualTypeOf<AskLeaks>();
    return new Response();
  });
  interface NextRequest extends Request {
    readonly nextUrl: URL;
  }
  const handler = onNext(leaks)((request: NextRequest & { leaks: AskLeaks }) => {
    return new Response(request.nextUrl.pathname);
  });
  expectTypeOf(handler).returns.toEqualTypeOf<Promise<Response>>();
});
