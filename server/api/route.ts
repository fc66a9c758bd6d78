// A route: its path, who may ask for it, and what is asked and answered. The kinds that routes are made of.

import type { ProblemCode } from '../../runtime/http/problems.ts';
import type { SchemaName } from './schemas.ts';

/**
 * Who may ask. `open`: everyone. `client`: clients, where the server has a list of them. `metered`: they too, and each
 * request is taken from their quotas. `evaluation`: as well, together with its elements, by the handler.
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

/** A body, of a request or of an answer, in each of its media types: of a schema, or bytes of PROTOCOL.md. */
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

export interface Route {
  /** Its last part may be a parameter: `/v1/account/{prefix}`. */
  readonly path: string;
  /** The handler answers every path that begins so, also those that cannot be right. */
  readonly subtree?: boolean;
  readonly access: Access;
  /** HEAD follows from `get`. */
  readonly get?: Operation;
  readonly post?: Operation;
  /** Also below /d/{dataset}. */
  readonly ofDataset: boolean;
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

/** Finds the route of a path without its query. */
export type FindRoute = (path: string) => Route | undefined;

export function createFindRoute(routes: readonly Route[]): FindRoute {
  const whole = new Map<string, Route>();
  /** By what stands before the parameter. */
  const begun = new Map<string, Route>();
  const subtrees: { readonly root: string; readonly route: Route }[] = [];
  for (const route of routes) {
    const parameter = route.path.indexOf('{');
    if (parameter < 0) whole.set(route.path, route);
    else begun.set(route.path.slice(0, parameter), route);
    if (route.subtree) subtrees.push({ root: route.path.slice(0, parameter - 1), route });
  }
  return (path) =>
    begun.get(path.slice(0, path.lastIndexOf('/') + 1)) ??
    whole.get(path) ??
    subtrees.find(({ root }) => path === root || path.startsWith(`${root}/`))?.route;
}
