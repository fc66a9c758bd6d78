// The types of the table of routes: path, handler, access, cache rule and documentation.

import type { CACHE_RULES } from '../../runtime/http/headers.ts';
import type { ProblemCode } from '../../runtime/http/problems.ts';
import type { CreateHandler, RouteFacts } from '../exchange.ts';
import type { SchemaName } from './schemas.ts';

/**
 * Who has access. `open`: everyone. `client`: listed clients, if the server has a list. `metered`:
 * the same, and each request counts against their quotas. `replica`: the same, and only for clients
 * that may hold a replica. `evaluation`: as `metered`, but the handler counts the request together
 * with its elements.
 */
export type Access = 'open' | 'client' | 'metered' | 'replica' | 'evaluation';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  /** JSON Schema of the value's text. */
  readonly schema: { readonly type: 'string'; readonly pattern?: string; readonly enum?: readonly string[] };
}

/** The body of a request or response, by media type: JSON of a schema, or bytes of PROTOCOL.md. */
export type Content = {
  readonly [mediaType: string]: { readonly schema?: SchemaName; readonly description?: string };
};

export interface Answer {
  readonly description: string;
  readonly content?: Content;
  /** Names of headers in addition to those of all responses. */
  readonly headers?: readonly string[];
}

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content;
  readonly answers: { readonly [status: number]: Answer };
  /** In addition to those of every request and those of the access. */
  readonly problems?: readonly ProblemCode[];
}

export type Method = 'GET' | 'POST';

/**
 * An entry of the table. Dispatch, OPTIONS, 405, documentation, metrics and logs follow from it.
 */
export interface Route extends RouteFacts {
  /** The last part may be a parameter: `/v1/account/{prefix}`. */
  readonly path: string;
  /** The handler also receives every longer path with this beginning, and refuses it itself. */
  readonly subtree?: boolean;
  /** A path with a query does not match. */
  readonly withoutQuery?: boolean;
  readonly handler: CreateHandler;
  /** GET implies HEAD, and any method implies OPTIONS. */
  readonly methods: readonly Method[];
  readonly access: Access;
  /** Cache-Control of successful responses, unless the handler names another rule. */
  readonly cache: keyof typeof CACHE_RULES;
  /** The route also exists below /d/{dataset}. */
  readonly ofDataset: boolean;
  /** Undefined for a route that only a page uses. */
  readonly documentation?: { readonly [method in Method]?: Operation };
}

/** Problems that can answer any request. */
const ANY: readonly ProblemCode[] = [
  'REQUEST_MALFORMED',
  'HOST_REFUSED',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'URL_TOO_LONG',
  'HEADERS_TOO_LARGE',
  'INTERNAL',
];
const CLIENT: readonly ProblemCode[] = ['CLIENT_REQUIRED', 'CLIENT_UNKNOWN'];
const METERED: readonly ProblemCode[] = [...CLIENT, 'QUOTA_EXCEEDED', 'QUOTA_UNKNOWN'];
const BY_ACCESS: { readonly [access in Access]: readonly ProblemCode[] } = {
  open: [],
  client: CLIENT,
  metered: METERED,
  replica: [...METERED, 'REPLICA_REFUSED'],
  evaluation: METERED,
};

const OF_DATASET: readonly ProblemCode[] = ['DATASET_MISSING', 'SNAPSHOT_WITHDRAWN'];

/** All problems that can answer an operation. */
export function problemsOf({ access, ofDataset }: Route, { problems = [], body }: Operation): ProblemCode[] {
  const ofBody: readonly ProblemCode[] = body
    ? ['LENGTH_REQUIRED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'MESSAGE_MALFORMED']
    : ['BODY_NOT_ALLOWED'];
  return [...problems, ...ofBody, ...BY_ACCESS[access], ...(ofDataset ? OF_DATASET : []), ...ANY];
}
