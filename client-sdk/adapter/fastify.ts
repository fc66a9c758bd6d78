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

export type DenyHandler = (verdict: Verdict, request: FastifyRequest, reply: FastifyReply) => unknown;

/** The options that a route can override. */
export type RouteOptions = GuardOptions<FastifyRequest, DenyHandler>;

export type LeakCheckOptions = RouteOptions & {
  readonly checker: LeakChecker;
  /** Whether to check routes whose `config` has no `leakCheck`. Default true. */
  readonly global?: boolean;
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: string;
};

/**
 * Register it before the routes that it protects.
 * @throws LookupError `OPTION_MALFORMED`
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
