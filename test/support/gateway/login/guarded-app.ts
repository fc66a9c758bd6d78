// An application of a test's own behind a gateway with a leak service and limits: who sends what is
// in the hands of the test.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CredveilServer, startServer } from '../../../../server/server.ts';
import { type MadeDataset, makeDataset, type Pair } from '../../dataset.ts';
import { keyPinOf } from '../../pins.ts';
import { serve, startOrigin } from '../gateway.ts';
import { createMemoryState } from '../memory-state.ts';
import { createMemoryLimits } from '../state/states.ts';
import { type Answer, formOf, visit } from '../visit.ts';
import { APP, writeSecret } from './checked-app.ts';

export interface LeakService {
  /** The key `leaks`, as YAML in braces. */
  keys(): string;
  close(): Promise<void>;
}

export async function startLeakService(pairs: readonly Pair[]): Promise<LeakService> {
  const made: MadeDataset = await makeDataset({ pairs });
  const server: CredveilServer = await startServer(made.folder, { port: 0 });
  return {
    keys: () => `{ url: "${server.url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}" }`,
    close: async () => {
      await server.close();
      made.dispose();
    },
  };
}

/** What the application got, and answers to. */
export interface AppRequest {
  readonly message: IncomingMessage;
  readonly path: string;
  readonly form: URLSearchParams;
  /** Of the cookie `name`. */
  cookie(name: string): string | undefined;
}

export interface GuardedAppOptions {
  readonly leaks: LeakService;
  /** Keys of the application beside `to`, as YAML in one line. */
  readonly keys: string;
  answer(request: AppRequest, response: ServerResponse): unknown;
}

export async function startGuardedApp({ leaks, keys, answer }: GuardedAppOptions) {
  /** Path and verdict of each request. */
  const seen: { readonly path: string; readonly verdict: unknown }[] = [];
  const { url } = await startOrigin(async (message, response) => {
    const [path = ''] = (message.url ?? '').split('?');
    seen.push({ path, verdict: message.headers['exposed-credential-check'] });
    let body = '';
    for await (const piece of message) body += String(piece);
    const cookie = (name: string): string | undefined =>
      (message.headers.cookie ?? '')
        .split('; ')
        .find((pair) => pair.startsWith(`${name}=`))
        ?.slice(name.length + 1);
    answer({ message, path, form: new URLSearchParams(body), cookie }, response);
  });
  const config = `listen: 127.0.0.1:0\ntrustedProxies: [127.0.0.1/32]\nleaks: ${leaks.keys()}\napps:\n  ${APP}: { to: "${url}", ${keys} }\n`;
  const served = await serve(config, {
    state: { state: createMemoryState(), key: new Uint8Array(32).fill(4), limits: createMemoryLimits() },
  });
  const visitWith = (request: Parameters<typeof visit>[2]): Promise<Answer> => visit(served.port, APP, request);
  return {
    ...served,
    seen,
    post: (path: string, form: { readonly [name: string]: string }, headers = {}): Promise<Answer> => {
      const request = formOf(form);
      return visitWith({ ...request, path, headers: { ...request.headers, ...headers } });
    },
    get: (path: string, headers = {}): Promise<Answer> => visitWith({ path, headers }),
    send: visitWith,
    /** Outcome, certainty and verdict of each login so far. */
    logins: (): string[] =>
      served.events.flatMap((event) =>
        event.event === 'login' ? [[event.certainty ?? '', event.outcome, event.verdict ?? ''].join(' ').trim()] : [],
      ),
  };
}

export const basicOf = (username: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
