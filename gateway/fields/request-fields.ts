// The fields that rules read, computed from one request and one reading of its path.

import { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../devices/certificate/client-certificate.ts';
import type { Headers } from '../request/head.ts';
import type { RuleMap, RuleValue } from '../rules/schema/types.ts';
import { createScheme, type Readers } from '../rules/scheme.ts';
import { cut, partsOf, readArguments, readHeaderName } from './read-names.ts';
import type { RuleRequest } from './readings.ts';

const headOf = ({ exchange }: RuleRequest) => exchange.head;
const queryOf = (request: RuleRequest): string => headOf(request)?.query ?? '';
const uriOf = (request: RuleRequest): string => {
  const query = headOf(request)?.query;
  return query === undefined ? request.path : `${request.path}?${query}`;
};

/** Values by name, in the order in which they came. */
export class ValueMap implements RuleMap {
  readonly #byName = new Map<string, string[]>();

  add(name: string, value: string): void {
    const values = this.#byName.get(name);
    if (values) values.push(value);
    else this.#byName.set(name, [value]);
  }

  get(key: string): readonly string[] | undefined {
    return this.#byName.get(key);
  }

  values(): Iterable<RuleValue> {
    return this.#byName.values();
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  get all(): readonly string[] {
    return [...this.#byName.values()].flat();
  }
}

function headersOf(request: RuleRequest): ValueMap {
  const map = new ValueMap();
  const head = headOf(request);
  if (!head) return map;
  map.add('host', head.authority);
  for (const headers of [head.headers, head.reserved])
    for (let i = 0; i < headers.length; i += 2) {
      const name = (headers[i] as string).toLowerCase();
      map.add(request.readsNames ? readHeaderName(name) : name, headers[i + 1] as string);
    }
  return map;
}

/** As they were sent: HTTP/2 has lower case alone. */
function headerNamesOf(request: RuleRequest): readonly string[] {
  const { headers = [], reserved = [] } = headOf(request) ?? {};
  return ['host', ...[...headers, ...reserved].filter((_, i) => i % 2 === 0)];
}

/** Values as they stand there: `url_decode` decodes them. */
function argumentsOf(request: RuleRequest): ValueMap {
  const map = new ValueMap();
  const query = queryOf(request);
  for (const [name, value] of request.readsNames ? readArguments(query) : partsOf(query).map(cut)) map.add(name, value);
  return map;
}

export function requestCookiesOf(request: RuleRequest): ValueMap {
  const map = new ValueMap();
  for (const part of (firstOf(headOf(request)?.headers, 'cookie') ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals > 0) map.add(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  return map;
}

/** The first value of a header; null without one. */
function firstOf(headers: Headers | undefined, name: string): string | null {
  for (let i = 0; headers && i < headers.length; i += 2)
    if ((headers[i] as string).toLowerCase() === name) return headers[i + 1] as string;
  return null;
}

/** However the client wrote it: a host in capitals, with a dot or the usual port is the same. */
function originOf({ exchange: { head, isSecure } }: RuleRequest): string {
  const port = Number(/:(\d+)$/.exec(head?.authority ?? '')?.[1] ?? 0);
  const isUsual = port === 0 || port === (isSecure ? 443 : 80);
  return `${isSecure ? 'https' : 'http'}://${head?.host ?? ''}${isUsual ? '' : `:${port}`}`;
}

const header = (name: string) => (request: RuleRequest) => firstOf(headOf(request)?.headers, name);

/** Nobody knows the size of a body without a stated length before its end. */
function bodySizeOf(request: RuleRequest): number | undefined {
  const body = headOf(request)?.body;
  return typeof body === 'number' ? body : undefined;
}

function mimeOf(request: RuleRequest): string | null {
  const [type = ''] = (firstOf(headOf(request)?.headers, 'content-type') ?? '').split(';', 1);
  return type === '' ? null : type.trim().toLowerCase();
}

const tlsOf = ({ exchange }: RuleRequest): TLSSocket | undefined => {
  const { socket } = exchange.message;
  return exchange.peer.profile !== undefined && socket instanceof TLSSocket ? socket : undefined;
};

/** What counts as a client's is one that its profile's CA signed, shown on this connection. */
function certificateOf({ exchange }: RuleRequest): ClientCertificate | undefined {
  const { certificate } = exchange;
  return certificate === 'unknown' ? undefined : certificate;
}

/** Of whole bytes. */
function serialOf(certificate: ClientCertificate | undefined): string | null {
  const { serial } = certificate ?? {};
  return serial === undefined ? null : serial.padStart(serial.length + (serial.length % 2), '0').toUpperCase();
}

/** Of every request, whether or not it is a login. */
export const REQUEST_READERS: Readers<RuleRequest> = {
  'http.host': (request) => headOf(request)?.host ?? null,
  'http.request.method': (request) => headOf(request)?.method ?? null,
  'http.request.uri': uriOf,
  'http.request.uri.path': ({ path }) => path,
  'http.request.uri.query': queryOf,
  'http.request.uri.args': argumentsOf,
  'http.request.uri.args.names': (request) => argumentsOf(request).names,
  'http.request.uri.args.values': (request) => argumentsOf(request).all,
  'http.request.full_uri': (request) => `${originOf(request)}${uriOf(request)}`,
  'http.request.version': ({ exchange }) => `HTTP/${exchange.message.httpVersion}`,
  'http.request.timestamp.sec': ({ exchange }) => Math.floor(exchange.now / 1_000),
  'http.user_agent': header('user-agent'),
  'http.referer': header('referer'),
  'http.cookie': header('cookie'),
  'http.request.cookies': requestCookiesOf,
  'http.request.headers': headersOf,
  'http.request.headers.names': headerNamesOf,
  'http.request.headers.values': (request) => headersOf(request).all,
  'http.request.body.size': bodySizeOf,
  'http.request.body.mime': mimeOf,
  'ip.src': ({ exchange }) => exchange.client,
  ssl: ({ exchange }) => exchange.isSecure,
  'cf.tls_version': (request) => tlsOf(request)?.getProtocol() ?? null,
  'cf.tls_client_auth.cert_verified': (request) => certificateOf(request) !== undefined,
  'cf.tls_client_auth.cert_serial': (request) => serialOf(certificateOf(request)),
  'cf.tls_client_auth.cert_fingerprint_sha256': (request) => certificateOf(request)?.fingerprint ?? null,
};

/** Known once the logins were looked for, which is before any rule. */
const OF_LOGINS: Readers<RuleRequest> = {
  'cf.waf.auth_detected': ({ exchange }) => exchange.attempt !== undefined,
  'credveil.login.detected': ({ exchange }) => exchange.attempt !== undefined,
  'credveil.login.app': ({ exchange }) => exchange.attempt?.login.preset ?? null,
};

export const REQUEST_SCHEME = createScheme<RuleRequest>('request', { ...REQUEST_READERS, ...OF_LOGINS });
