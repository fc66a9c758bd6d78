// @credveil/client/fastify: the guard as a Fastify plugin.

import type { FastifyPluginCallback, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { createGuard, type Guard, PROBLEM_TYPE } from './guard.ts';
import { credentialsInParsed, removeFromMessage, setOnMessage } from './node-message.ts';
import { type GuardOptions, parseProperty } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by @credveil/client/fastify; undefined if there was nothing to check. */
    leaks: Verdict | undefined;
  }
  interface FastifyContextConfig {
    /**
     * For this route: `true` uses the plugin's options, an object overrides them, `false` disables.
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
 * await app.register(leakCheck, { checker: leaks, global: false });
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
 * const options: LeakCheckOptions = { checker: leaks, fields: { username: 'user.email' } };
 * const app = fastify();
 * await app.register(leakCheck, options);
 * ```
 */
export type LeakCheckOptions = RouteOptions & {
  readonly checker: LeakChecker;
  /** Whether to check routes whose `config` has no `leakCheck`. Default true. */
  readonly global?: boolean;
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: string;
};

/**
 * A plugin that checks the credential of a request. Register it before the routes that it protects.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/fastify';
 * import fastify from 'fastify';
 *
 * const app = fastify();
 * await app.register(leakCheck, { checker: leaks, global: false });
 * app.post('/login', { config: { leakCheck: true } }, async (request, reply) => {
 *   // Compare the password first.
 *   return reply.code(request.leaks?.status === 'pair' ? 202 : 200).send();
 * });
 * ```
 */
export const leakCheck: FastifyPluginCallback<LeakCheckOptions> = (app, options, done) => {
  const { checker, global = true, property: name, ...shared } = options;
  const property = parseProperty(name ?? 'leaks');
  const guard = createGuard(checker, shared as RouteOptions);

  app.decorateRequest(property, undefined);
  app.addHook('onRequest', async (request) => removeFromMessage(request.raw, guard.header));
  app.addHook('onRoute', (route) => {
    const own = route.config?.leakCheck ?? global;
    if (own === false) return;
    const check = preHandler(
      own === true ? guard : createGuard(checker, { ...shared, ...own } as RouteOptions),
      property,
    );
    route.preHandler = [check, ...[route.preHandler ?? []].flat()];
  });
  done();
};

function preHandler(guard: Guard<FastifyRequest, DenyHandler>, property: string): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    // Another guard may have set the header, or this route may use another header name.
    removeFromMessage(request.raw, guard.header);
    const { verdict, refusal } = await guard.judge(request, (fields) =>
      credentialsInParsed(request.body, request.raw, fields),
    );
    if (refusal) {
      if (guard.handler) await guard.handler(verdict, request, reply);
      else
        reply.code(refusal.status).header('cache-control', 'no-store').type(PROBLEM_TYPE).send(JSON.stringify(refusal));
      return reply;
    }
    if (verdict?.exposedCredentialCheck) setOnMessage(request.raw, guard.header, verdict.exposedCredentialCheck);
    Object.assign(request, { [property]: verdict });
    return undefined;
  };
}

// Like fastify-plugin: the plugin applies to the scope that registers it, not to a child scope.
Object.assign(leakCheck, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@credveil/client',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@credveil/client' },
});
