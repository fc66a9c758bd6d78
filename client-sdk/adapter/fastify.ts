// @credveil/client/fastify: the guard as a plugin of Fastify.

import type { FastifyPluginCallback, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { createGuard, type Guard, PROBLEM_TYPE } from './guard.ts';
import { credentialsInParsed, removeFromMessage, setOnMessage } from './node-message.ts';
import { type GuardOptions, parseProperty } from './options.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by @credveil/client/fastify; missing where there was nothing to check. */
    leaks: Verdict | undefined;
  }
  interface FastifyContextConfig {
    /** For this route: other options than the plugin's, or `true` for these; `false` for no check. */
    leakCheck?: boolean | RouteOptions;
  }
}

export type DenyHandler = (verdict: Verdict, request: FastifyRequest, reply: FastifyReply) => unknown;

/** What a route can have of its own. */
export type RouteOptions = GuardOptions<FastifyRequest, DenyHandler>;

export type LeakCheckOptions = RouteOptions & {
  readonly checker: LeakChecker;
  /** Whether routes are checked that do not say so in their `config`. Default true. */
  readonly global?: boolean;
  /** Where a handler finds the verdict on its request. Default `leaks`. */
  readonly property?: string;
};

/** Register it before the routes that it is for. It throws LookupError `OPTION_MALFORMED`. */
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
    // Another guard may have set it, or this one may have another name for it.
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

// As fastify-plugin does: the plugin is for the scope that registers it.
Object.assign(leakCheck, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@credveil/client',
  [Symbol.for('plugin-meta')]: { fastify: '5.x', name: '@credveil/client' },
});
