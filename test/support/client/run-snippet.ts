// Runs a snippet of the documents against a real service, and collects what it prints and creates.

import { stripTypeScriptTypes } from 'node:module';
import { format } from 'node:util';
import type { ServerAddress } from '../../../client-sdk/index.ts';
import * as client from '../../../client-sdk/index.ts';
import { CANARY } from '../../../protocol/test-credentials.ts';
import { TIMEOUT_MS } from '../worlds/client-world.ts';
import { splitImports } from './doc-snippets.ts';

export interface Place {
  readonly url: string;
  /** Of the service that has `trust`; snippets use `url` for either service. */
  readonly keylessUrl: string;
  readonly key: string;
  readonly trust: string;
  readonly filterFile: string;
  /** A folder for a replica, and the server that it is pulled from. */
  readonly cache: string;
  readonly from: ServerAddress;
  /** The public line of a watch key. */
  readonly watchKey: string;
  /** A filter in JSON of bloom-filters, and its digest. */
  readonly json: Uint8Array;
  readonly sha256: string;
}

export interface Outcome {
  readonly printed: readonly string[];
  /** Reasons of questions that had no answer. */
  readonly failures: readonly string[];
  /** What the snippet declares for requests: an app, a handler or an auth server. */
  readonly made: Readonly<Record<string, unknown>>;
}

const HANDLED = ['app', 'login', 'POST', 'proxy', 'auth'];

/** Answers with `status` in the manner of the framework that calls it. */
// biome-ignore lint/suspicious/noExplicitAny: each framework calls it with objects of its own.
const answer = (status: number) => (first: any, second?: any) => {
  if (typeof second?.send === 'function') return second.status(status).send({});
  return typeof first?.body === 'function' ? first.body(null, status) : new Response(null, { status });
};

/** The application around a snippet. */
const surroundings = {
  ...CANARY,
  user: { id: 'account-7', passwordChangedAt: new Date('2024-05-01') },
  log: { warn: () => {} },
  seconds: { observe: () => {} },
  requests: { inc: () => {} },
  passwordIsRight: async () => true,
  namesOf: async (username: string) => [username, '+4915112345678'],
  markForPasswordChange: async () => {},
  saveWatchTag: async () => {},
  requirePasswordChange: () => {},
  requireSecondFactorAndNewPassword: () => {},
  refuse: () => {},
  askForCode: answer(202),
  startSession: answer(200),
  signUp: answer(201),
};

const next = ({ request }: { request: { headers: Headers } }): Response =>
  new Response(null, { status: request.headers.has('exposed-credential-check') ? 202 : 200 });

const SUBPATHS: Readonly<Record<string, () => Promise<object>>> = {
  node: () => import('../../../client-sdk/node.ts'),
  'bloom-filters': () => import('../../../client-sdk/bloom-filters.ts'),
  sodium: () => import('../../../client-sdk/sodium.ts'),
  replica: () => import('../../../client-sdk/replica/replica.ts'),
  watch: () => import('../../../client-sdk/watch/watching-checker.ts'),
  express: () => import('../../../client-sdk/adapter/express.ts'),
  fastify: () => import('../../../client-sdk/adapter/fastify.ts'),
  hono: () => import('../../../client-sdk/adapter/hono.ts'),
  fetch: () => import('../../../client-sdk/adapter/fetch.ts'),
  next: () => import('../../../client-sdk/adapter/next.ts'),
  'better-auth': () => import('../../../client-sdk/adapter/better-auth.ts'),
};

/** `import { a as b } from 'm';` as a dynamic import by `load`. */
function asDynamicImports(imports: string): string {
  return imports
    .replace(/\btype \w+,?/g, '')
    .replace(/^import (?:(\w+),? ?)?(\{[^}]*\})? ?from ('[^']+');$/gm, (_, whole, names, specifier) =>
      [whole && `{ default: ${whole} }`, names?.replace(/ as /g, ': ')]
        .filter(Boolean)
        .map((pattern) => `const ${pattern} = await load(${specifier});`)
        .join('\n'),
    );
}

export async function runSnippet(code: string, { keylessUrl, filterFile, ...place }: Place): Promise<Outcome> {
  const printed: string[] = [];
  const failures: string[] = [];
  const createLeakChecker = (options: client.LeakCheckerOptions): client.LeakChecker =>
    client.createLeakChecker({
      timeoutMs: TIMEOUT_MS,
      ...options,
      ...(options.key === undefined && { url: keylessUrl }),
      onVerdict: (event) => {
        failures.push(...event.failures);
        options.onVerdict?.(event);
      },
    });
  const load = async (specifier: string): Promise<object> => {
    if (specifier === '@credveil/client') return { ...client, createLeakChecker };
    if (specifier === 'next/server') return { NextResponse: { next } };
    const loadOurs = SUBPATHS[specifier.replace('@credveil/client/', '')];
    return specifier.startsWith('@credveil/client/') && loadOurs ? loadOurs() : import(specifier);
  };
  const names = {
    ...surroundings,
    ...place,
    load,
    leaks: createLeakChecker({ url: place.url, key: place.key }),
    console: { log: (...args: unknown[]) => printed.push(format(...args)) },
  };

  const { imports, body } = splitImports(
    code
      .replaceAll(/https:\/\/leaks\.example\.org|http:\/\/127\.0\.0\.1:8787/g, place.url)
      .replaceAll('process.env.CREDVEIL_KEY', 'key')
      .replaceAll('credveil-trust-2.<dataset>.<publisher>', place.trust)
      .replaceAll('credveil-watch-public-1.<id>.<key>', place.watchKey)
      .replaceAll('/var/lib/leaks/passwords.filter', filterFile)
      .replaceAll('/var/lib/leaks/replica', place.cache),
  );
  const inner = body.replace(/^export default .*$/gm, '').replace(/^export /gm, '');
  const made = HANDLED.map((name) => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`);
  const source = `async () => {\n${asDynamicImports(imports)}\n${inner}\nreturn { ${made.join(', ')} };\n}`;
  const run = new Function(...Object.keys(names), `return ${stripTypeScriptTypes(source)}`);
  return { made: (await run(...Object.values(names))()) ?? {}, printed, failures };
}
