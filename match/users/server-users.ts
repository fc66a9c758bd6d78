// User tables in database servers: where one is, how it is reached, and what its errors may show.

import { MatchError } from '../errors.ts';
import type { UserQuery } from './query-rows.ts';

/** Neither the URL nor its parameters have a password. */
export interface ServerUsers extends UserQuery {
  readonly url: URL;
  /** From a file. Otherwise the client looks where those of its database do. */
  readonly password?: string;
  readonly signal?: AbortSignal;
}

export const CONNECT_MS = 10_000;
/** Rows that are held at a time. */
export const ROWS_HELD = 500;

const PEERS = { 'postgres:': 'pg', 'postgresql:': 'pg', 'mysql:': 'mysql2', 'mariadb:': 'mysql2' } as const;
export type ServerScheme = keyof typeof PEERS;

export const isServerScheme = (protocol: string): protocol is ServerScheme => Object.hasOwn(PEERS, protocol);

const WITHOUT_HOST = /^(postgres(?:ql)?:\/\/)([^/?#@:]+)@((?:\/[^?#]*)?)(?:\?([^#]*))?$/i;

/** Also `postgres://USER@/DATABASE?host=…`, as libpq has it and URLs do not. */
export function parseServerUrl(text: string): URL | null {
  const [, scheme, user = '', pathname, query] = WITHOUT_HOST.exec(text) ?? [];
  if (scheme === undefined) return URL.parse(text);
  const name = user.replaceAll('+', '%2B').replaceAll('&', '%26');
  return URL.parse(`${scheme}${pathname}?${query ? `${query}&` : ''}user=${name}`);
}

/** Without user and parameters. */
const nameOf = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`;

export const unreadableServer = (url: URL, why: string, cause?: unknown): MatchError =>
  new MatchError(
    'USERS_UNREADABLE',
    `${nameOf(url)}: ${why}`,
    'Check the URL, --table or --query, and the password in --password-file or where its client looks for it.',
    // Not the cause: it may hold rows.
    cause === undefined ? undefined : { cause: new Error(String((cause as NodeJS.ErrnoException).code ?? '')) },
  );

/** @throws MatchError `CLIENT_MISSING` */
export async function loadPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new MatchError(
      'CLIENT_MISSING',
      `reading this database needs the package ${name}, which is not installed`,
      `Run npm install ${name} where credveil is installed, or export the users to a file.`,
      { cause },
    );
  }
}

/** A host that no network is between. A path is the folder of a socket. */
export const isLocalHost = (host: string): boolean =>
  host === '' || /^(?:\/|%2f|localhost$|127\.\d+\.\d+\.\d+$|\[?::1\]?$)/i.test(host);

/** @throws MatchError for a parameter that is not among `known` */
export function assertParameters(url: URL, known: readonly string[]): void {
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw unreadableServer(url, `unknown parameter; the parameters are ${known.join(', ')}`);
}

/** Errors of a server may repeat values of rows. */
export interface ServerErrors {
  /** Codes of the server, not of the client or the network. */
  readonly codes: RegExp;
  /** Those whose messages repeat no values. */
  readonly safe: RegExp;
}

function describeServerError(error: unknown, { codes, safe }: ServerErrors): string {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  if (codes.test(code) && !safe.test(code)) return `the server reports ${code}`;
  return message || code || 'no connection';
}

/** Does a step of reading: its errors name the server, and an interrupt ends it. */
export type Attempt = <T>(step: () => Promise<T> | T) => Promise<T>;

export function createAttempt({ url, signal }: ServerUsers, errors: ServerErrors): Attempt {
  const interrupted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
  interrupted.catch(() => {});
  return async (step) => {
    try {
      signal?.throwIfAborted();
      return await Promise.race([step(), interrupted]);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof MatchError) throw error;
      throw unreadableServer(url, describeServerError(error, errors), error);
    }
  };
}
