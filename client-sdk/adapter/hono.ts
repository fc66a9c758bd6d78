// @credveil/client/hono: the guard as Hono middleware.

import type { Context, MiddlewareHandler } from 'hono';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { DEFAULT_MAX_BODY_BYTES, fieldsOfForm, readingsOf } from './fetch-body.ts';
import { credentialsOf, judgeFetch, parseMaxBodyBytes, refusalResponse, withoutHeader } from './fetch-request.ts';
import { createGuard } from './guard.ts';
import { replaceHeader } from './header-name.ts';
import { type GuardOptions, parseProperty } from './options.ts';

/**
 * The option `handler`: answers a denied request.
 * @example
 * ```ts
 * import { type DenyHandler, leakCheck } from '@credveil/client/hono';
 * import { Hono } from 'hono';
 *
 * const handler: DenyHandler = ({ because }, c) =>
 *   c.json({ error: 'choose another password', because }, 409);
 * const app = new Hono();
 * app.post('/sign-up', leakCheck(leaks, { mode: 'deny', handler }), (c) => c.body(null, 201));
 * ```
 */
export type DenyHandler = (verdict: Verdict, c: Context) => Response | Promise<Response>;

/**
 * Options of the middleware.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/hono';
 *
 * const options: LeakCheckOptions<'exposure'> = { property: 'exposure', maxBodyBytes: 4_096 };
 * const check = leakCheck(leaks, options);
 * ```
 */
export type LeakCheckOptions<Property extends string = 'leaks'> = GuardOptions<Context, DenyHandler> & {
  /** Name of the context variable that holds the verdict (`c.var.leaks`). Default `leaks`. */
  readonly property?: Property;
  /** Maximum bytes of a body to read; a longer body makes the verdict `unknown`. Default 65,536. */
  readonly maxBodyBytes?: number;
};

/**
 * The type of `c.var.leaks`. The verdict is undefined if there was nothing to check.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckEnv } from '@credveil/client/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<LeakCheckEnv>();
 * app.use(leakCheck(leaks));
 * app.post('/login', (c) => c.body(null, c.var.leaks?.status === 'pair' ? 202 : 200));
 * ```
 */
export type LeakCheckEnv<Property extends string = 'leaks'> = {
  Variables: { [name in Property]: Verdict | undefined };
};

/**
 * Creates middleware that checks the credential of a request.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono();
 * app.post('/login', leakCheck(leaks), (c) => {
 *   // Compare the password first.
 *   return c.body(null, c.var.leaks?.status === 'pair' ? 202 : 200);
 * });
 * ```
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
): MiddlewareHandler<LeakCheckEnv<Property>> {
  const guard = createGuard(checker, options);
  const property = parseProperty(options.property ?? 'leaks') as Property;
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return async (c, next) => {
    const isRead = c.req.raw.bodyUsed;
    c.req.raw = withoutHeader(c.req.raw, guard.header);
    const { verdict, refusal } = isRead
      ? await guard.judge(c, async (fields) => credentialsOf(await readingsOfCache(c), fields))
      : await judgeFetch(guard, c.req.raw, maxBodyBytes, () => c);
    if (refusal) return guard.handler ? guard.handler(verdict, c) : refusalResponse(refusal);
    replaceHeader(c.req.raw.headers, guard.header, verdict?.exposedCredentialCheck);
    c.set(property, verdict);
    await next();
  };
}

/** If a validator has read the body, Hono caches it. */
async function readingsOfCache({ req }: Context): Promise<readonly object[]> {
  if (req.bodyCache.formData) return [fieldsOfForm(await req.formData())];
  return readingsOf(new Response(await req.arrayBuffer(), { headers: req.raw.headers }));
}
