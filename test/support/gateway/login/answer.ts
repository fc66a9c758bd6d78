// A login and the application's answer to it, for tests of outcomes.

import type { Exchange } from '../../../../gateway/exchange.ts';
import type { RuleResponse } from '../../../../gateway/fields/response-fields.ts';
import type { Login, LoginOutcome } from '../../../../gateway/login/attempt.ts';
import { compileOutcome, judgeOutcome, type OutcomeExpressions } from '../../../../gateway/login/outcome.ts';

export interface LoginRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  /** The session of the answer is of the user who was typed. */
  readonly isTyped?: boolean;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

export interface LoginAnswer {
  readonly status?: number;
  readonly cookies?: readonly string[];
  readonly location?: string;
  readonly headers?: readonly string[];
  /** `undefined` for one with a coding, which is not read. */
  readonly body?: string | undefined;
}

/** As much of an exchange as expressions read. */
export function exchangeOf({ method = 'POST', path = '/login', query, headers = [] }: LoginRequest = {}): Exchange {
  const target = query === undefined ? path : `${path}?${query}`;
  return {
    head: {
      method,
      path,
      query,
      target,
      host: 'app.example',
      authority: 'app.example',
      headers,
      reserved: [],
      body: 0,
    },
    found: { readings: [path] },
    message: { httpVersion: '1.1' },
    isSecure: false,
  } as unknown as Exchange;
}

export const responseOf = ({ status = 200, cookies = [], location, headers = [], ...rest }: LoginAnswer) =>
  ({
    status,
    headers: [
      ...cookies.flatMap((cookie) => ['Set-Cookie', cookie]),
      ...(location === undefined ? [] : ['Location', location]),
      ...headers,
    ],
    body: 'body' in rest && rest.body === undefined ? undefined : Buffer.from(rest.body ?? ''),
  }) satisfies RuleResponse['response'];

/** What a login came to, and whether that is proven. */
export type Told = LoginOutcome | `proven ${Exclude<LoginOutcome, 'unknown'>}`;

export type Judging = OutcomeExpressions & Partial<Pick<Login, 'passwords'>>;

const OF_FORM: Login['passwords'] = [{ place: 'body', path: ['pass'] }];

/** @param logins of a form, unless they say otherwise */
export function judgedBy(
  logins: readonly Judging[],
  answer: LoginAnswer,
  { isTyped = false, ...request }: LoginRequest = {},
): Told {
  const { outcome, isProven } = judgeOutcome(
    logins.map(({ passwords = OF_FORM, ...one }) => ({ outcome: compileOutcome(one, () => undefined), passwords })),
    exchangeOf(request),
    responseOf(answer),
    isTyped,
  );
  return isProven && outcome !== 'unknown' ? `proven ${outcome}` : outcome;
}
