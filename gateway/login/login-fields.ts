// The fields that expressions of logins read: those of rules, and those of bodies and credentials,
// which only logins may read.
//
// A body or query is read as all servers together read it: decoded, and each value under every name
// that a server may take its name for.

import type { Exchange } from '../exchange.ts';
import type { RuleRequest } from '../fields/readings.ts';
import { REQUEST_READERS } from '../fields/request-fields.ts';
import { headerValues } from '../header-pairs.ts';
import type { RuleMap } from '../rules/schema/types.ts';
import { createScheme, type Readers } from '../rules/scheme.ts';
import type { Field } from './body/fields.ts';
import { readForm } from './body/form.ts';
import { folded } from './body/names.ts';
import type { ReadBody } from './body/read-body.ts';
import type { XmlRpcCall } from './body/xml-rpc.ts';
import { argumentsOf } from './body/xml-rpc-arguments.ts';
import { type HeadCredentials, headCredentials, hidesCredential } from './head/head-credentials.ts';

export interface LoginRequest extends RuleRequest {
  /** Undefined as long as it is not read. */
  readonly body: ReadBody | undefined;
}

/** Values by all names that a server may read them under. */
class FieldMap implements RuleMap {
  readonly #fields: readonly Field[];

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  get(key: string): readonly string[] | undefined {
    const letters = folded(textOf(key));
    const values = this.#fields.filter(({ path }) => folded(path.join('')) === letters).flatMap(valuesOf);
    return values.length === 0 ? undefined : values;
  }

  values(): Iterable<readonly string[]> {
    return this.#fields.map(valuesOf);
  }
}

const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const valuesOf = ({ texts }: Field): readonly string[] => texts.map(bytesOf);
const namesOf = (fields: readonly Field[]): readonly string[] => fields.map(({ name }) => bytesOf(name));

const queryFields = ({ exchange }: RuleRequest): readonly Field[] => readForm(exchange.head?.query ?? '').fields;

/** A value of a header; undefined if it is not there. */
export function headerOf({ head }: Exchange, name: string): string | undefined {
  return headerValues(head?.headers ?? [], name)[0];
}

export function basicOf({ head, application }: Exchange): HeadCredentials {
  if (!head) return [];
  return application?.logins?.anyScheme && hidesCredential(head) ? 'malformed' : headCredentials(head);
}

function basicPart(request: LoginRequest, part: 'username' | 'password'): string | null {
  const all = basicOf(request.exchange);
  const [first] = all === 'malformed' ? [] : all;
  return first ? bytesOf(first[part][0] ?? '') : null;
}

/** Undefined before the body is read, null if it is no call. */
const callOf = ({ body }: LoginRequest): XmlRpcCall | null | undefined => body && (body.call() ?? null);

/** Forms and JSON alike: an application may read either. */
const ofBody =
  <Value>(read: (fields: readonly Field[]) => Value) =>
  ({ body }: LoginRequest): Value | undefined =>
    body && read(body.fields);

const mapOf = ofBody((fields) => new FieldMap(fields));
const namesOfBody = ofBody(namesOf);
const valuesOfBody = ofBody((fields) => fields.flatMap(valuesOf));

const READERS: Readers<LoginRequest> = {
  ...REQUEST_READERS,
  'http.request.uri.args': (request) => new FieldMap(queryFields(request)),
  'http.request.uri.args.names': (request) => namesOf(queryFields(request)),
  'http.request.uri.args.values': (request) => queryFields(request).flatMap(valuesOf),
  'http.request.body.raw': ({ body }) => body?.text,
  'http.request.body.truncated': ({ body }) => body && body.fault === 'too large',
  'http.request.body.form': mapOf,
  'http.request.body.form.names': namesOfBody,
  'http.request.body.form.values': valuesOfBody,
  'http.request.body.multipart': mapOf,
  'http.request.body.multipart.names': namesOfBody,
  'http.request.body.multipart.values': valuesOfBody,
  'credveil.basic.username': (request) => basicPart(request, 'username'),
  'credveil.basic.password': (request) => basicPart(request, 'password'),
  'credveil.xmlrpc.method': (request) => {
    const call = callOf(request);
    return call === null ? null : call?.method;
  },
  'credveil.xmlrpc.params': (request) => {
    const call = callOf(request);
    return call === null ? null : call && argumentsOf(call).map(([first = '']) => bytesOf(first));
  },
};

export const LOGIN_SCHEME = createScheme<LoginRequest>('request', READERS);
