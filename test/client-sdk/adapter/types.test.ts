// What the types of the adapters accept and reject. A failure shows in `npm run check:types`.

import express from 'express';
import { Hono } from 'hono';
import { expectTypeOf, test } from 'vitest';
import { leakCheck as onBetterAuth } from '../../../client-sdk/adapter/better-auth.ts';
import { leakCheck as onExpress } from '../../../client-sdk/adapter/express.ts';
import type { LeakCheckOptions as FastifyOptions } from '../../../client-sdk/adapter/fastify.ts';
import { leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import { createLeakChecker, type UnknownReason, type Verdict } from '../../../client-sdk/index.ts';
import { seededKey } from '../../support/dataset.ts';

const leaks = createLeakChecker({ url: 'http://127.0.0.1:9', key: seededKey('hmac', 1).revealText() });

test('mode annotate rejects the options of mode deny', () => {
  // @ts-expect-error a guard that never denies has no handler
  onExpress(leaks, { handler: () => {} });
  // @ts-expect-error nor a list of findings that deny
  onExpress(leaks, { mode: 'annotate', denyOn: ['pair'] });
  // @ts-expect-error a `fields` function returns a credential
  onExpress(leaks, { fields: () => 'a password' });
  onExpress(leaks, {
    mode: 'deny',
    denyOn: ['pair', 'username'],
    handler: (verdict, request, response) => response.status(409).send(verdict.status + request.path),
  });
  onExpress(leaks, {
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

test('the verdict is typed in every framework, under any property name', () => {
  express().post('/', onExpress(leaks), ({ leaks: verdict }, response) => {
    expectTypeOf(verdict).toEqualTypeOf<Verdict | undefined>();
    response.end();
  });
  new Hono()
    .post('/a', onHono(leaks), (c) => {
      expectTypeOf(c.var.leaks).toEqualTypeOf<Verdict | undefined>();
      return c.body(null);
    })
    .post('/b', onHono(leaks, { property: 'exposure' }), (c) => {
      expectTypeOf(c.get('exposure')).toEqualTypeOf<Verdict | undefined>();
      return c.body(null);
    });
  onFetch(leaks)((request, env: { name: string }) => {
    expectTypeOf(request.leaks).toEqualTypeOf<Verdict | undefined>();
    return new Response(env.name);
  });
  onFetch(leaks, { property: 'exposure' })(({ exposure }) => {
    expectTypeOf(exposure).toEqualTypeOf<Verdict | undefined>();
    return new Response();
  });
  interface NextRequest extends Request {
    readonly nextUrl: URL;
  }
  const handler = onNext(leaks)((request: NextRequest & { leaks: Verdict | undefined }) => {
    return new Response(request.nextUrl.pathname);
  });
  expectTypeOf(handler).returns.toEqualTypeOf<Promise<Response>>();
});
