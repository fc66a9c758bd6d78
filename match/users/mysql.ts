// User tables in MySQL and MariaDB: a stream of rows in a transaction that can only read.

import fs from 'node:fs';
import type { ConnectionOptions, FieldPacket, SslOptions } from 'mysql2';
import { QueryRows, queryOf, quotingWith } from './query-rows.ts';
import {
  assertParameters,
  CONNECT_MS,
  createAttempt,
  isLocalHost,
  loadPeer,
  ROWS_HELD,
  type ServerErrors,
  type ServerUsers,
  unreadableServer,
} from './server-users.ts';
import type { UserColumns, UserSink } from './user-rows.ts';

const PARAMETERS = ['socket', 'ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key'];
const SSL_MODES = ['disabled', 'required', 'verify-ca', 'verify-identity'];
/** Safe are authorization, names, syntax, and what the server cannot do at all. */
const ERRORS: ServerErrors = {
  codes: /^ER_/,
  safe: /^ER_(?:\w*ACCESS_?DENIED|BAD_|NO_SUCH|NO_DB|PARSE|UNKNOWN_TABLE|CANT_EXECUTE_IN_READ_ONLY|HOST_|CON_COUNT|NOT_SUPPORTED)/,
};

const quote = quotingWith('`');

/** As the programs of MySQL: a network is crossed with TLS unless the operator says otherwise. */
function sslOf(url: URL): SslOptions | undefined {
  const mode = url.searchParams.get('ssl-mode')?.toLowerCase() ?? (isLocal(url) ? 'disabled' : 'verify-identity');
  if (!SSL_MODES.includes(mode)) throw unreadableServer(url, `ssl-mode is one of ${SSL_MODES.join(', ')}`);
  if (mode === 'disabled') return undefined;
  const read = (name: string): string | undefined => {
    const file = url.searchParams.get(name);
    return file === null ? undefined : fs.readFileSync(file, 'utf8');
  };
  const [ca, cert, key] = [read('ssl-ca'), read('ssl-cert'), read('ssl-key')];
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: mode !== 'required',
    verifyIdentity: mode === 'verify-identity',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

const isLocal = (url: URL): boolean => url.searchParams.has('socket') || isLocalHost(url.hostname);

function connectionOptions({ url, password }: ServerUsers): ConnectionOptions {
  assertParameters(url, PARAMETERS);
  const socketPath = url.searchParams.get('socket');
  const database = decodeURIComponent(url.pathname.slice(1));
  const secret = password ?? process.env.MYSQL_PWD;
  const ssl = sslOf(url);
  return {
    ...(socketPath === null
      ? {
          host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
          ...(url.port !== '' && { port: Number(url.port) }),
        }
      : { socketPath }),
    user: decodeURIComponent(url.username),
    ...(database !== '' && { database }),
    ...(secret !== undefined && { password: secret }),
    ...(ssl && { ssl }),
    connectTimeout: CONNECT_MS,
    rowsAsArray: true,
    // Every value as the server writes it.
    typeCast: (field) => field.buffer(),
  };
}

/**
 * The password is that of the request, or MYSQL_PWD's.
 * @throws MatchError `USERS_UNREADABLE`, `CLIENT_MISSING`
 */
export async function readMysqlUsers(request: ServerUsers, columns: UserColumns, sink: UserSink): Promise<void> {
  const { url } = request;
  const { default: mysql } = await loadPeer('mysql2', () => import('mysql2'));
  const attempt = createAttempt(request, ERRORS);
  const connection = await attempt(() => mysql.createConnection(connectionOptions(request)));
  connection.on('error', () => {});
  const run = (sql: string): Promise<void> =>
    new Promise((resolve, reject) => connection.query(sql, (error) => (error ? reject(error) : resolve())));
  try {
    await attempt(() => run('SET SESSION TRANSACTION READ ONLY'));
    await attempt(() => run('START TRANSACTION READ ONLY'));
    await attempt(async () => {
      const stream = connection.query(queryOf(request, columns, quote)).stream({ highWaterMark: ROWS_HELD });
      let rows: QueryRows | undefined;
      stream.once('fields', (fields: FieldPacket[]) => {
        const header = fields.map(({ name }) => name);
        try {
          rows = new QueryRows(header, columns, sink, (why) => unreadableServer(url, why));
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
      for await (const row of stream) rows?.add(row as unknown[]);
    });
  } finally {
    connection.destroy();
  }
}
