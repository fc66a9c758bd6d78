// @credveil/client/express: middleware for Express 4 and 5. Mount it after the body parser.

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { type AskLeaks, createGuard } from './guard.ts';
import { createParsedFind, removeFromMessage, setOnMessage } from './node-message.ts';
import { type GuardOptions, parseProperty } from './options.ts';
import { PROBLEM_TYPE } from './refusals.ts';

export type { AskLeaks } from './guard.ts';

declare global {
  namespace Express {
    interface Request {
      /** Set by @credveil/client/express. Call it once the password has been verified. */
      leaks: AskLeaks;
    }
  }
}

/**
 * The option `handler`: answers a denied request.
 * @example
 * ```ts
 * import { type DenyHandler, leakCheck } from '@credveil/client/express';
 * import express from 'express';
 *
 * const handler: DenyHandler = ({ because }, _request, response) =>
 *   response.status(409).json({ error: 'choose another password', because });
 * const app = express().use(express.json());
 * app.post('/sign-up', leakCheck(leaks, { mode: 'deny', handler }), (_request, response) => {
 *   response.status(201).end();
 * });
 * ```
 */
export type DenyHandler = (verdict: Verdict, request: Request, response: Response, next: NextFunction) => unknown;

/**
 * Options of the middleware.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/express';
 *
 * const options: LeakCheckOptions = { fields: { username: ['user', 'email'] } };
 * const check = leakCheck(leaks, options);
 * ```
 */
export type LeakCheckOptions = GuardOptions<Request, DenyHandler> & {
  /** The property of the request that asks for the verdict. Default `leaks`. */
  readonly property?: string;
};

/**
 * Creates middleware for `request.leaks()`, which checks the credential of a request.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/express';
 * import express from 'express';
 *
 * const app = express().use(express.json());
 * app.post('/login', leakCheck(leaks), async (request, response) => {
 *   // Compare the password first.
 *   const { action } = await request.leaks();
 *   response.status(action === 'allow' ? 200 : 202).end();
 * });
 * ```
 */
export function leakCheck(checker: LeakChecker, options: LeakCheckOptions = {}): RequestHandler {
  const guard = createGuard(checker, options, ['property']);
  const property = parseProperty(options.property ?? 'leaks');

  const check: RequestHandler = async (request, response, next) => {
    removeFromMessage(request, guard.header);
    const find = createParsedFind(guard, request, request);
    const { verdict, refusal } = guard.isEager ? await guard.judge(request, find) : {};
    if (verdict && refusal) {
      if (guard.handler) await guard.handler(verdict, request, response, next);
      else
        response
          .status(refusal.status)
          .set('Cache-Control', 'no-store')
          .type(PROBLEM_TYPE)
          .send(JSON.stringify(refusal));
      return;
    }
    if (verdict?.exposedCredentialCheck) setOnMessage(request, guard.header, verdict.exposedCredentialCheck);
    const value = guard.createAsk(request, find, verdict);
    Object.defineProperty(request, property, { value, enumerable: true, configurable: true, writable: true });
    next();
  };
  // Express 4 does not await promises.
  return (request, response, next) => Promise.resolve(check(request, response, next)).catch(next);
}
