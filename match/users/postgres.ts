// User tables in PostgreSQL: a cursor in a transaction that can only read.

import { readService } from './postgres-service.ts';
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

const PARAMETERS = ['service', 'host', 'user', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'options'];
const SERVICE_KEYS = [...PARAMETERS.slice(1), 'port', 'password'];
const BYTEA = 17;
/** Safe are connection, transaction, authorization, names, syntax, resources and intervention. */
const ERRORS: ServerErrors = { codes: /^[0-9A-Z]{5}$/, safe: /^(?:08|0A|25|28|3D|3F|42|53|57)/ };

const quote = quotingWith('"');

/**
 * With the password, if it is known, and what a service file adds. A network is crossed with TLS
 * unless the operator says otherwise.
 */
export function connectionString({ url, password }: ServerUsers): string {
  assertParameters(url, PARAMETERS);
  const complete = new URL(url);
  const parameters = complete.searchParams;
  const service = parameters.get('service') ?? process.env.PGSERVICE;
  if (service) addService(complete, service);
  parameters.delete('service');
  const host = parameters.get('host') ?? (url.hostname || (process.env.PGHOST ?? ''));
  if (!isLocalHost(host) && !parameters.has('sslmode') && !process.env.PGSSLMODE)
    parameters.set('sslmode', 'verify-full');
  if (password !== undefined) parameters.set('password', password);
  return complete.href;
}

/** What the URL says comes first. */
function addService(url: URL, name: string): void {
  const service = readService(name);
  if (!service) throw unreadableServer(url, `the service file has no service ${JSON.stringify(name)}`);
  const { hostname, port, username } = url;
  for (const [key, value] of service) {
    const isStated = { host: hostname, port, user: username }[key] || url.searchParams.has(key);
    if (key === 'dbname') url.pathname = /^\/?$/.test(url.pathname) ? `/${encodeURIComponent(value)}` : url.pathname;
    else if (SERVICE_KEYS.includes(key) && !isStated) url.searchParams.set(key, value);
  }
}

/**
 * The password is that of the request, of a service, PGPASSWORD's, or the one in PGPASSFILE.
 * @throws MatchError `USERS_UNREADABLE`, `CLIENT_MISSING`
 */
export async function readPostgresUsers(request: ServerUsers, columns: UserColumns, sink: UserSink): Promise<void> {
  const { url } = request;
  const { default: pg } = await loadPeer('pg', () => import('pg'));
  const attempt = createAttempt(request, ERRORS);
  // Every value as the server writes it; only bytes are decoded.
  const types = {
    getTypeParser: (type: number) => (text: string) =>
      type === BYTEA ? Buffer.from(text.replace(/^\\x/, ''), 'hex') : text,
  };
  const options = { connectionTimeoutMillis: CONNECT_MS, application_name: 'credveil', types };
  const client = await attempt(() => new pg.Client({ ...options, connectionString: connectionString(request) }));
  // A query that runs fails with it.
  client.on('error', () => {});
  try {
    await attempt(() => client.connect());
    await attempt(() => client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'));
    await attempt(() => client.query('BEGIN'));
    // The extended protocol takes one statement.
    const text = `DECLARE users NO SCROLL CURSOR FOR ${queryOf(request, columns, quote)}`;
    const declare = { text, queryMode: 'extended' };
    await attempt(() => client.query(declare));
    let rows: QueryRows | undefined;
    for (;;) {
      const batch = { text: `FETCH FORWARD ${ROWS_HELD} FROM users`, rowMode: 'array' as const };
      const found = await attempt(() => client.query<unknown[]>(batch));
      const header = found.fields.map(({ name }) => name);
      rows ??= new QueryRows(header, columns, sink, (why) => unreadableServer(url, why));
      if (found.rows.length === 0) break;
      for (const row of found.rows) rows.add(row);
    }
  } finally {
    await client.end().catch(() => {});
  }
}
