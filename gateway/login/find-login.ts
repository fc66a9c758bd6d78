// Which logins of its application a request may be at, by its head alone.

import type { Exchange } from '../exchange.ts';
import { type RuleRequest, readingsOf } from '../fields/readings.ts';
import type { Trilean } from '../rules/schema/types.ts';
import type { Context } from '../rules/scheme.ts';
import { isOfBrowser, type Login } from './attempt.ts';
import type { ReadBody } from './body/read-body.ts';
import { basicOf, LOGIN_SCHEME } from './login-fields.ts';
import type { PreparedLogin } from './login-set.ts';
import { changesPassword } from './password-changes.ts';
import { routerReadings, routesIn } from './router-readings.ts';

/** A login that a request may be at. */
export interface Candidate extends PreparedLogin {
  /** Its place decides: such a request is read as a whole, or refused. */
  readonly isStrict: boolean;
}

/** Judges by the head alone. @returns undefined if the request is at no login */
export function findCandidates(exchange: Exchange): readonly Candidate[] | undefined {
  const set = exchange.application?.logins;
  if (!set || set.logins.length === 0) return undefined;
  const contexts = contextsOf(exchange, undefined);
  const found: Candidate[] = [];
  for (const position of set.index.candidates(contexts)) {
    const prepared = set.logins[position] as PreparedLogin;
    if (prepared.isFoundByFields && !mayHaveFields(exchange, prepared)) continue;
    if (prepared.login.isSpare && basicOf(exchange).length === 0) continue;
    const outcome = judge(prepared.login, contexts);
    if (outcome === false) continue;
    found.push({ ...prepared, isStrict: !prepared.isFoundByFields || (outcome === true && !prepared.isAnywhere) });
  }
  if (found.length === 0) return undefined;
  const described = found.filter(({ login, isStrict }) => isStrict && !login.isSpare && !login.isElsewhere);
  const hasForm = described.some(({ login }) => isOfBrowser(login)) || mayChangePassword(exchange);
  const hasHeader = described.some(({ login }) => hasBasic(login));
  const left = found.filter(({ login }) => !(login.isSpare && hasHeader) && !(login.isElsewhere && hasForm));
  return left.length > 0 ? left : undefined;
}

/** The form has the password of before, and may have the name. */
const mayChangePassword = (exchange: Exchange): boolean =>
  exchange.application?.passwordChanges !== undefined &&
  changesPassword(exchange.application.passwordChanges, exchange);

const hasBasic = ({ passwords }: Login): boolean => passwords.some(({ place }) => place === 'basic');

/** Any body may: many applications read it whatever its type is. */
const mayHaveFields = ({ head }: Exchange, { names }: PreparedLogin): boolean =>
  head?.body !== 0 || (head.query !== undefined && names.passwords.isSpelledIn(head.query));

/** Any reading of the path that fulfils it counts. */
export function judge({ when }: Login, contexts: readonly Context[]): Trilean {
  const outcomes = contexts.map((context) => when.evaluate(context));
  return outcomes.includes(true) ? true : outcomes.includes(undefined) ? undefined : false;
}

/** One for each reading of the request. */
export const contextsOf = (exchange: Exchange, body: ReadBody | undefined): readonly Context[] =>
  withRouters(exchange, readingsOf(exchange)).map((reading) => LOGIN_SCHEME.createContext({ ...reading, body }));

function withRouters({ application, head }: Exchange, readings: readonly RuleRequest[]): readonly RuleRequest[] {
  const literals = application?.logins?.pathLiterals ?? [];
  const paths = new Set(readings.map(({ path }) => path));
  const more = readings.flatMap((reading) =>
    [reading.path, ...routesIn(reading.path, head?.query)]
      .flatMap((path, i) => [...(i > 0 ? [path] : []), ...routerReadings(path, literals)])
      .filter((path) => !paths.has(path))
      .map((path) => ({ ...reading, path })),
  );
  return more.length === 0 ? readings : [...readings, ...more];
}
