// The router: finds the entry of a path and prepares what follows from its methods.

import {
  CACHE_RULES,
  type CacheRule,
  DATA_HEADERS,
  type HeaderBlock,
  headerBlock,
} from '../../runtime/http/headers.ts';
import type { Route } from './route.ts';

/** An entry with what is prepared from it. */
export interface PreparedRoute {
  readonly route: Route;
  /** Where the parameter begins in a path; its whole length for a route without one. */
  readonly parameterAt: number;
  readonly cache: CacheRule;
  /** Methods that reach the handler. */
  readonly handled: readonly string[];
  readonly takesBody: boolean;
  /** The value of Allow. */
  readonly allow: string;
  /** The headers of the answer to OPTIONS. */
  readonly preflight: HeaderBlock;
}

export interface Router {
  /** Finds the route of a path without its query. */
  find(path: string): PreparedRoute | undefined;
  readonly routes: readonly PreparedRoute[];
}

export function createRouter(table: readonly Route[]): Router {
  const routes = table.map(prepareRoute);
  const whole = new Map<string, PreparedRoute>();
  /** By the part in front of the parameter. */
  const begun = new Map<string, PreparedRoute>();
  const subtrees: { readonly root: string; readonly prepared: PreparedRoute }[] = [];
  for (const prepared of routes) {
    const { route, parameterAt } = prepared;
    if (parameterAt === route.path.length) whole.set(route.path, prepared);
    else begun.set(route.path.slice(0, parameterAt), prepared);
    if (route.subtree) subtrees.push({ root: route.path.slice(0, parameterAt - 1), prepared });
  }
  return {
    routes,
    find: (path) =>
      begun.get(path.slice(0, path.lastIndexOf('/') + 1)) ??
      whole.get(path) ??
      subtrees.find(({ root }) => path === root || path.startsWith(`${root}/`))?.prepared,
  };
}

function prepareRoute(route: Route): PreparedRoute {
  const { path, methods } = route;
  const parameterAt = path.includes('{') ? path.indexOf('{') : path.length;
  const handled = methods.includes('GET') ? [...methods, 'HEAD'] : [...methods];
  const allow = [...handled, 'OPTIONS'].join(', ');
  const preflight = headerBlock({
    Allow: allow,
    'Access-Control-Allow-Methods': allow,
    'Access-Control-Allow-Headers': requestHeaders(route).join(', '),
    'Access-Control-Max-Age': '86400',
  });
  return {
    route,
    parameterAt,
    cache: CACHE_RULES[route.cache],
    handled,
    takesBody: methods.includes('POST'),
    allow,
    preflight: [...preflight, ...DATA_HEADERS],
  };
}

/**
 * What a script of another origin may send: credentials, and the headers that the documentation
 * names.
 */
function requestHeaders({ methods, documentation = {} }: Route): string[] {
  const documented = Object.values(documentation).flatMap(({ parameters = [], body }) => [
    ...parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name),
    ...(body ? ['Content-Type'] : []),
  ]);
  const always = methods.includes('GET') ? ['Authorization', 'If-None-Match'] : ['Authorization'];
  return [...new Set([...always, ...documented])].sort();
}
