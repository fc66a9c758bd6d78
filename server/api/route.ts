// The kinds that the table of routes is made of: path, handler, access, cache rule and
// documentation.

import type { CACHE_RULES } from '../../runtime/http/headers.ts';
import type { ProblemCode } from '../../runtime/http/problems.ts';
import type { CreateHandler, RouteFacts } from '../exchange.ts';
import type { SchemaName } from './schemas.ts';

/**
 * Who has access. `open`: everyone. `client`: listed clients, if the server has a list. `metered`:
 * the same, and each request counts against their quotas. `evaluation`: the same, but the handler
 * counts it, together with its elements.
 */
export type Access = 'open' | 'client' | 'metered' | 'evaluation';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  /** JSON Schema of its text. */
  readonly schema: { readonly type: 'string'; readonly pattern?: string; readonly enum?: readonly string[] };
}

/**
 * A body, of a request or of an answer, in each of its media types: of a schema, or bytes of
 * PROTOCOL.md.
 */
export type Content = {
  readonly [mediaType: string]: { readonly schema?: SchemaName; readonly description?: string };
};

export interface Answer {
  readonly description: string;
  readonly content?: Content;
  /** Names of headers beyond those that all answers have. */
  readonly headers?: readonly string[];
}

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content;
  readonly answers: { readonly [status: number]: Answer };
  /** Beyond those that follow from the access and from being a request at all. */
  readonly problems?: readonly ProblemCode[];
}

export type Method = 'GET' | 'POST';

/**
 * One entry of the table. Dispatch, OPTIONS, 405, documentation, metrics and logs follow from it.
 */
export interface Route extends RouteFacts {
  /** Its last part may be a parameter: `/v1/account/{prefix}`. */
  readonly path: string;
  /**
   * The handler also answers every longer path with this beginning, to refuse it in its own way.
   */
  readonly subtree?: boolean;
  /** A path with a query is not this route. */
  readonly withoutQuery?: boolean;
  readonly handler: CreateHandler;
  /** HEAD follows from GET, and OPTIONS from any. */
  readonly methods: readonly Method[];
  readonly access: Access;
  /** Cache-Control of its successful replies, unless the handler names another rule. */
  readonly cache: keyof typeof CACHE_RULES;
  /** Also below /d/{dataset}. */
  readonly ofDataset: boolean;
  /** Missing for what only a page refers to. */
  readonly documentation?: { readonly [method in Method]?: Operation };
}

/** Problems that any request may meet. */
const ANY: readonly ProblemCode[] = [
  'REQUEST_MALFORMED',
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
  evaluation: METERED,
};

/** All problems that an operation may be answered with. */
export function problemsOf({ access, ofDataset }: Route, { problems = [], body }: Operation): ProblemCode[] {
  const ofBody: readonly ProblemCode[] = body
    ? ['LENGTH_REQUIRED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'MESSAGE_MALFORMED']
    : ['BODY_NOT_ALLOWED'];
  return [...problems, ...ofBody, ...BY_ACCESS[access], ...(ofDataset ? (['DATASET_MISSING'] as const) : []), ...ANY];
}
