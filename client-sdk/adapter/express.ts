// @credveil/client/express: middleware for Express 4 and 5. Mount it after the body parser.

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { createGuard, PROBLEM_TYPE } from './guard.ts';
import { credentialsInParsed, removeFromMessage, setOnMessage } from './node-message.ts';
import { type GuardOptions, parseProperty } from './options.ts';

declare global {
  namespace Express {
    interface Request {
      /** Set by @credveil/client/express; undefined if there was nothing to check. */
      leaks?: Verdict | undefined;
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
 * const options: LeakCheckOptions = { fields: { username: 'user.email', password: 'user.pass' } };
 * const check = leakCheck(leaks, options);
 * ```
 */
export type LeakCheckOptions = GuardOptions<Request, DenyHandler> & {
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: string;
};

/**
 * Creates middleware that checks the credential of a request.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/express';
 * import express from 'express';
 *
 * const app = express().use(express.json());
 * app.post('/login', leakCheck(leaks), (request, response) => {
 *   // Compare the password first.
 *   response.status(request.leaks?.status === 'pair' ? 202 : 200).end();
 * });
 * ```
 */
export function leakCheck(checker: LeakChecker, options: LeakCheckOptions = {}): RequestHandler {
  const guard = createGuard(checker, options);
  const property = parseProperty(options.property ?? 'leaks');

  const check: RequestHandler = async (request, response, next) => {
    removeFromMessage(request, guard.header);
    const { verdict, refusal } = await guard.judge(request, (fields) =>
      credentialsInParsed(request.body, request, fields),
    );
    if (refusal) {
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
    Object.defineProperty(request, property, { value: verdict, enumerable: true, configurable: true, writable: true });
    next();
  };
  // Express 4 does not await promises.
  return (request, response, next) => Promise.resolve(check(request, response, next)).catch(next);
}
