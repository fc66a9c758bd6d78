// @credveil/client/fastify: the guard as a Fastify plugin.

import type {
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  preHandlerAsyncHookHandler,
} from 'fastify';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { type AskLeaks, createGuard, type Guard } from './guard.ts';
import { createParsedFind, removeFromMessage, setOnMessage } from './node-message.ts';
import { type GuardOptions, parseProperty } from './options.ts';
import { PROBLEM_TYPE } from './refusals.ts';

export type { AskLeaks } from './guard.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by @credveil/client/fastify. Call it once the password has been verified. */
    leaks: AskLeaks;
  }
  interface FastifyContextConfig {
    /**
     * For this route: `true` uses the plugin's options, an object overrides them, `false` checks
     * nothing before the handler.
     */
    leakCheck?: boolean | RouteOptions;
  }
}

/**
 * The option `handler`: answers a denied request.
 * @example
 * ```ts
 * import { type DenyHandler, leakCheck } from '@credveil/client/fastify';
 * import fastify from 'fastify';
 *
 * const handler: DenyHandler = ({ because }, _request, reply) =>
 *   reply.code(409).send({ error: 'choose another password', because });
 * const app = fastify();
 * await app.register(leakCheck, { checker: leaks, mode: 'deny', handler });
 * app.post('/sign-up', async () => ({}));
 * ```
 */
export type DenyHandler = (verdict: Verdict, request: FastifyRequest, reply: FastifyReply) => unknown;

/**
 * The options that a route can override.
 * @example
 * ```ts
 * import { leakCheck, type RouteOptions } from '@credveil/client/fastify';
 * import fastify from 'fastify';
 *
 * const denied: RouteOptions = { mode: 'deny' };
 * const app = fastify();
 * await app.register(leakCheck, { checker: leaks });
 * app.post('/sign-up', { config: { leakCheck: denied } }, async () => ({}));
 * ```
 */
export type RouteOptions = GuardOptions<FastifyRequest, DenyHandler>;

/**
 * Options of the plugin.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/fastify';
 * import fastify from 'fastify';
 *
 * const options: LeakCheckOptions = { checker: leaks, fields: { username: ['user', 'email'] } };
 * const app = fastify();
 * await app.register(leakCheck, options);
 * ```
 */
export type LeakCheckOptions = RouteOptions & {
  readonly checker: LeakChecker;
  /**
   * Whether the options apply to routes whose `config` has no `leakCheck`. Default true. Otherwise
   * these routes have `request.leaks()` too, and nothing is checked before their handlers.
   */
  readonly global?: boolean;
  /** The property of the request that asks for the verdict. Default `leaks`. */
  readonly property?: string;
};

/**
 * A plugin for `request.leaks()`, which checks the credential of a request. Register it before the
 * routes that it protects.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/fastify';
 * import fastify from 'fastify';
 *
 * const app = fastify();
 * await app.register(leakCheck, { checker: leaks });
 * app.post('/login', async (request, reply) => {
 *   // Compare the password first.
 *   const { action } = await request.leaks();
 *   return reply.code(action === 'allow' ? 200 : 202).send();
 * });
 * ```
 */
export const leakCheck: FastifyPluginCallback<LeakCheckOptions> = (app, options, done) => {
  try {
    install(app, options);
    done();
  } catch (error) {
    // Thrown, it would end the process.
    done(error as Error);
  }
};

function install(app: FastifyInstance, options: LeakCheckOptions): void {
  const { checker, global = true, property: name, ...rest } = options;
  const property = parseProperty(name ?? 'leaks');
  const shared = rest as RouteOptions;
  const guard = createGuard(checker, shared, OF_FASTIFY);
  // For routes that the options do not apply to.
  const lazy = createGuard(checker, lazyPart(shared), OF_FASTIFY);

  app.decorateRequest(property, undefined);
  app.addHook('onRequest', async (request) => removeFromMessage(request.raw, guard.header));
  app.addHook('onRoute', (route) => {
    const own = route.config?.leakCheck ?? global;
    const routeGuard = typeof own === 'object' ? createGuard(checker, override(shared, own), OF_FASTIFY) : guard;
    route.preHandler = [preHandler(own === false ? lazy : routeGuard, property), ...[route.preHandler ?? []].flat()];
  });
}

/** `register` passes its own options on to a plugin. */
const OF_FASTIFY = ['prefix', 'logLevel', 'logSerializers'];

/** The options that a guard has if the handler asks. */
function lazyPart({ fields, onResult, header }: RouteOptions): RouteOptions {
  return { ...(fields && { fields }), ...(onResult && { onResult }), ...(header && { header }) };
}

/** A route that leaves the mode of the plugin does not take its options for that mode along. */
function override(shared: RouteOptions, own: RouteOptions): RouteOptions {
  const isOtherMode =
    (own.mode !== undefined && own.mode !== shared.mode) || (own.eager !== undefined && own.eager !== shared.eager);
  return { ...(isOtherMode ? lazyPart(shared) : shared), ...own } as RouteOptions;
}

function preHandler(guard: Guard<FastifyRequest, DenyHandler>, property: string): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    // Another guard may have set the header, or this route may use another header name.
    removeFromMessage(request.raw, guard.header);
    const find = createParsedFind(guard, request, request.raw);
    const { verdict, refusal } = guard.isEager ? await guard.judge(request, find) : {};
    if (verdict && refusal) {
      if (guard.handler) await guard.handler(verdict, request, reply);
      else
        reply.code(refusal.status).header('cache-control', 'no-store').type(PROBLEM_TYPE).send(JSON.stringify(refusal));
      return reply;
    }
    if (verdict?.exposedCredentialCheck) setOnMessage(request.raw, guard.header, verdict.exposedCredentialCheck);
    Object.assign(request, { [property]: guard.createAsk(request, find, verdict) });
    return undefined;
  };
}

// Like fastify-plugin: the plugin applies to the scope that registers it, not to a child scope.
Object.assign(leakCheck, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@credveil/client',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@credveil/client' },
});
