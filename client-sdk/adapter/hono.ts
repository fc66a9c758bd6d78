// @credveil/client/hono: the guard as Hono middleware.

import type { Context, MiddlewareHandler } from 'hono';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { DEFAULT_MAX_BODY_BYTES, type ParsedBody, parseBody } from './fetch-body.ts';
import {
  findInFetch,
  HANDLER_OPTIONS,
  once,
  parseMaxBodyBytes,
  readBody,
  refusalResponse,
  withoutHeader,
} from './fetch-request.ts';
import { type AskLeaks, createGuard } from './guard.ts';
import { replaceHeader } from './header-name.ts';
import { type GuardOptions, parseProperty } from './options.ts';

export type { AskLeaks } from './guard.ts';

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
  /** Name of the context variable that asks for the verdict (`c.var.leaks`). Default `leaks`. */
  readonly property?: Property;
  /**
   * Maximum bytes of a body to read; the credential of a longer one is unreadable. Default 65,536.
   */
  readonly maxBodyBytes?: number;
};

/**
 * The type of `c.var.leaks`.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckEnv } from '@credveil/client/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono<LeakCheckEnv>();
 * app.use(leakCheck(leaks));
 * app.post('/login', async (c) => {
 *   const { action } = await c.var.leaks();
 *   return c.body(null, action === 'allow' ? 200 : 202);
 * });
 * ```
 */
export type LeakCheckEnv<Property extends string = 'leaks'> = {
  Variables: { [name in Property]: AskLeaks };
};

/**
 * Creates middleware for `c.var.leaks()`, which checks the credential of a request.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/hono';
 * import { Hono } from 'hono';
 *
 * const app = new Hono();
 * app.post('/login', leakCheck(leaks), async (c) => {
 *   // Compare the password first.
 *   const { action } = await c.var.leaks();
 *   return c.body(null, action === 'allow' ? 200 : 202);
 * });
 * ```
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
): MiddlewareHandler<LeakCheckEnv<Property>> {
  const guard = createGuard(checker, options, HANDLER_OPTIONS);
  const property = parseProperty(options.property ?? 'leaks') as Property;
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return async (c, next) => {
    const isRead = c.req.raw.bodyUsed;
    c.req.raw = withoutHeader(c.req.raw, guard.header);
    const find = once(() =>
      isRead
        ? guard.find(
            async (fields) => readBody(await bodyOfCache(c), c.req.url, fields),
            () => c,
          )
        : findInFetch(guard, c.req.raw, maxBodyBytes, () => c),
    );
    const { verdict, refusal } = guard.isEager ? await guard.judge(c, find) : {};
    if (verdict && refusal) return guard.handler ? guard.handler(verdict, c) : refusalResponse(refusal);
    replaceHeader(c.req.raw.headers, guard.header, verdict?.exposedCredentialCheck);
    // The handler uses up the body.
    if (!guard.isEager) await find();
    c.set(property, guard.createAsk(c, find, verdict));
    await next();
  };
}

/** If a validator has read the body, Hono caches it. */
async function bodyOfCache({ req }: Context): Promise<ParsedBody> {
  if (req.bodyCache.formData) return { isSent: true, objects: [], forms: [await req.formData()] };
  return parseBody(new Response(await req.arrayBuffer(), { headers: req.raw.headers }));
}
