// The fields of a response, beside those of its request: what the expressions of an outcome read.

import { headerValues, pairsOf } from '../header-pairs.ts';
import { createScheme, type Readers } from '../rules/scheme.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import type { RuleRequest } from './readings.ts';
import { REQUEST_READERS, requestCookiesOf, ValueMap } from './request-fields.ts';
import { liveCookies, type SetCookie } from './set-cookies.ts';

export interface RuleResponse extends RuleRequest {
  readonly response: Pick<HeldResponse, 'status' | 'headers' | 'body'>;
}

const cookiesOf = ({ response }: RuleResponse): readonly SetCookie[] => liveCookies(response.headers);

export function responseHeadersOf({ headers }: Pick<HeldResponse, 'headers'>): ValueMap {
  const map = new ValueMap();
  for (const [name, value] of pairsOf(headers)) map.add(name.toLowerCase(), value);
  return map;
}

/** Names of cookies that the browser did not send with this value. */
export function newCookiesOf(request: RuleResponse): readonly string[] {
  const sent = requestCookiesOf(request);
  return cookiesOf(request)
    .filter(({ name, value }) => !sent.get(name)?.includes(value))
    .map(({ name }) => name);
}

/** Names of those that it sent with another value. */
function renewedCookiesOf(request: RuleResponse): readonly string[] {
  const sent = requestCookiesOf(request);
  return newCookiesOf(request).filter((name) => sent.get(name) !== undefined);
}

const locationOf = (request: RuleResponse): string | undefined =>
  responseHeadersOf(request.response).get('location')?.[0];

/** Whether a redirect leads to the path of the request, or to that of the page it came from. */
function leadsBack(request: RuleResponse): boolean {
  const { head } = request.exchange;
  const location = locationOf(request);
  if (!head || location === undefined) return false;
  const base = `http://${head.authority}${head.target}`;
  const to = pathOf(location, base);
  const [referer] = headerValues(head.headers, 'referer');
  return to !== undefined && (to === request.path || (referer !== undefined && to === pathOf(referer, base)));
}

const pathOf = (url: string, base: string): string | undefined => URL.parse(url, base)?.pathname;

const READERS: Readers<RuleResponse> = {
  ...REQUEST_READERS,
  'http.response.code': ({ response }) => response.status,
  'http.response.headers': ({ response }) => responseHeadersOf(response),
  'credveil.response.cookies': (request) => {
    const map = new ValueMap();
    for (const { name, value } of cookiesOf(request)) map.add(name, value);
    return map;
  },
  'credveil.response.cookies.names': (request) => cookiesOf(request).map(({ name }) => name),
  'credveil.response.cookies.new': newCookiesOf,
  'credveil.response.cookies.renewed': renewedCookiesOf,
  'credveil.response.location': (request) => locationOf(request) ?? null,
  'credveil.response.leads_back': leadsBack,
  // What has a coding was not read.
  'credveil.response.body': ({ response }) => response.body?.toString('latin1'),
};

export const RESPONSE_SCHEME = createScheme<RuleResponse>('response', READERS);
