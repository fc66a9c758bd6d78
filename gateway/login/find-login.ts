// Which logins of its application a request may be at, by its head alone.

import type { Exchange } from '../exchange.ts';
import { type RuleRequest, readingsOf } from '../fields/readings.ts';
import { headerValues } from '../header-pairs.ts';
import type { Trilean } from '../rules/schema/types.ts';
import type { Context } from '../rules/scheme.ts';
import type { Login } from './attempt.ts';
import type { ReadBody } from './body/read-body.ts';
import { basicOf, LOGIN_SCHEME } from './login-fields.ts';
import type { PreparedLogin } from './login-set.ts';
import { plainPath, routerReadings, routesIn } from './router-readings.ts';

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
  const hasHeader = found.some(({ login, isStrict }) => isStrict && !login.isSpare && hasBasic(login));
  const left = found.filter(({ login }) => !(login.isSpare && hasHeader));
  return left.length > 0 ? left : undefined;
}

const hasBasic = ({ passwords }: Login): boolean => passwords.some(({ place }) => place === 'basic');

/**
 * Any body may: many applications read it whatever its type is. Path and cookies only where a login
 * is described, by whatever method: elsewhere cookies remember things under such names, and paths
 * have such words.
 */
function mayHaveFields(exchange: Exchange, { names, login }: PreparedLogin): boolean {
  const { head } = exchange;
  const isIn = (text: string | undefined): boolean => text !== undefined && names.passwords.isSpelledIn(text);
  if (head?.body !== 0 || isIn(head.query)) return true;
  return login.isElsewhere === true && [pathIn(exchange), cookiesIn(exchange)].some(isIn) && isBelowPlace(exchange);
}

/** At the path of a described login. */
export const isAtPlace = (exchange: Exchange): boolean => hasPlace(exchange, (path, place) => path === place);

/** The same, or below it. */
export const isBelowPlace = (exchange: Exchange): boolean =>
  hasPlace(exchange, (path, place) => path === place || path.startsWith(`${place}/`));

function hasPlace(exchange: Exchange, is: (path: string, place: string) => boolean): boolean {
  const { places = [] } = exchange.application?.logins ?? {};
  const paths = withRouters(exchange, readingsOf(exchange)).map(({ path }) => plainPath(path));
  return places.some((place) => paths.some((path) => is(path, place)));
}

/** A client may send the header twice. */
export const cookiesIn = ({ head }: Exchange): string => headerValues(head?.headers ?? [], 'cookie').join('; ');

/** As it stands in the target. */
export const pathIn = ({ head }: Exchange): string => head?.target.split('?', 1)[0] ?? '';

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
