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

export type DenyHandler = (verdict: Verdict, request: Request, response: Response, next: NextFunction) => unknown;

export type LeakCheckOptions = GuardOptions<Request, DenyHandler> & {
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: string;
};

/** @throws LookupError `OPTION_MALFORMED` */
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
