// The user table of a match, as the command line names it.

import fs from 'node:fs';
import type { Command } from 'commander';
import { Option } from 'commander';
import { DEFAULT_LIMITS } from '../../ingest/containers/budget.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import { MatchError } from '../../match/errors.ts';
import type { HashOptions } from '../../match/hashes/parse-hash.ts';
import type { UserQuery } from '../../match/users/query-rows.ts';
import { readUsers, TABLE_FORMATS, type TableFormat } from '../../match/users/read-users.ts';
import { RoleCheck } from '../../match/users/role-check.ts';
import { isServerScheme, parseServerUrl, type ServerUsers } from '../../match/users/server-users.ts';
import { readSqliteUsers } from '../../match/users/sqlite.ts';
import { parseUserColumns, type UserColumns, type UserSink } from '../../match/users/user-rows.ts';
import { UserTable } from '../../match/users/user-table.ts';
import { readRegularBytes } from '../../store/files.ts';
import { UsageError } from '../exit.ts';
import { assertOwn } from '../key-files.ts';
import { note } from '../output.ts';
import { printable } from '../printable.ts';

export interface UsersOptions {
  columns: string;
  usersFormat?: TableFormat;
  table?: string;
  query?: string;
  passwordFile?: string;
}

const SQLITE = 'sqlite:';
const SERVER = /^[a-z][a-z0-9+.-]*:\/\//i;
const PASSWORD_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*:[^/?#]*@|.*[?&](?:password|passwd|pwd)=)/i;
const DATABASES = 'postgres://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE and sqlite:FILE';

export function addUsersOptions(command: Command): Command {
  return command
    .argument(
      '<users>',
      'user table: a CSV, JSON or SQL export, - for standard input, sqlite:FILE, postgres://USER@HOST/DATABASE, or mysql://…',
    )
    .requiredOption(
      '--columns <list>',
      'columns of the user table, by name or place: id=NAME,username=NAME,email=NAME,hash=NAME[,salt=NAME][,changed=NAME]',
    )
    .addOption(
      new Option('--users-format <format>', 'format of the user table (default: recognised)').choices(TABLE_FORMATS),
    )
    .option('--table <name>', 'of a database, or a dump with several: the table of users')
    .option('--query <sql>', 'of a database: a query that returns the users, instead of --table')
    .option('--password-file <file>', 'file with the password of a database server');
}

const MAX_SECRET_BYTES = 1 << 16;

/**
 * A final line end is no part of the secret.
 * @throws what `unreadable` makes; StoreError `KEY_FILE_EXPOSED` if others may read it
 */
export function readSecretFile(file: string, unreadable: (why: string) => Error): Buffer {
  if (!fs.existsSync(file)) throw unreadable('there is no such file');
  const bytes = readRegularBytes(file, MAX_SECRET_BYTES, unreadable);
  assertOwn(file);
  return bytes.subarray(0, /\r?\n$/.exec(bytes.toString('latin1'))?.index ?? bytes.length);
}

function parseColumns(text: string, needsHash: boolean): UserColumns {
  const columns = parseUserColumns(text, needsHash);
  if (columns) return columns;
  throw new UsageError(
    `--columns must name an id, ${needsHash ? 'a hash, ' : ''}and at least one username or email`,
    'Write --columns id=ID,username=user_login,email=user_email,hash=user_pass; username and email may be repeated.',
  );
}

/** @throws UsageError unless a database has one of the two, and a file no query */
function parseQuery({ table, query }: UsersOptions, isDatabase: boolean): UserQuery {
  if (isDatabase && (table === undefined) === (query === undefined))
    throw new UsageError('a database takes --table or --query', 'Pass one of them.');
  if (!isDatabase && query !== undefined)
    throw new UsageError('--query is for databases', `Name the database, as one of ${DATABASES}, or leave it out.`);
  return { ...(table !== undefined && { table }), ...(query !== undefined && { query }) };
}

/** @throws UsageError, which repeats nothing of the URL */
function parseServer(text: string, passwordFile: string | undefined, query: UserQuery, signal: AbortSignal) {
  if (PASSWORD_IN_URL.test(text))
    throw new UsageError(
      'a password in the URL of the user table is visible to everyone on this machine',
      'Leave it out and pass --password-file, or use PGPASSFILE, PGPASSWORD or MYSQL_PWD. Change the password.',
    );
  const url = parseServerUrl(text);
  if (!url || !isServerScheme(url.protocol))
    throw new UsageError('the URL of the user table is not one of a database', `Databases are ${DATABASES}.`);
  const server: ServerUsers = { url, ...query, signal };
  if (passwordFile === undefined) return server;
  const unreadable = (why: string): MatchError =>
    new MatchError('PASSWORD_UNREADABLE', `${passwordFile}: ${why}`, 'Pass the file that holds the password.');
  return { ...server, password: readSecretFile(passwordFile, unreadable).toString('utf8') };
}

/** Each loads its own client only. */
async function readServerUsers(server: ServerUsers, columns: UserColumns, sink: UserSink): Promise<void> {
  if (server.url.protocol.startsWith('postgres'))
    await (await import('../../match/users/postgres.ts')).readPostgresUsers(server, columns, sink);
  else await (await import('../../match/users/mysql.ts')).readMysqlUsers(server, columns, sink);
}

/**
 * Reads the user table into a sink.
 * @param needsHash whether `--columns` must name the hash
 * @throws UsageError, MatchError, IngestError
 */
export async function readUsersInto(
  sink: UserSink,
  users: string,
  options: UsersOptions,
  signal: AbortSignal,
  needsHash = true,
): Promise<void> {
  const check = new RoleCheck(sink);
  await readRows(check, users, options, signal, needsHash);
  for (const remark of check.remarks()) note(`COLUMNS? ${remark} --columns ${printable(options.columns)}`);
}

async function readRows(
  sink: UserSink,
  users: string,
  options: UsersOptions,
  signal: AbortSignal,
  needsHash: boolean,
): Promise<void> {
  const { usersFormat: format } = options;
  const columns = parseColumns(options.columns, needsHash);
  const isSqlite = users.startsWith(SQLITE);
  const isServer = !isSqlite && SERVER.test(users);
  const query = parseQuery(options, isSqlite || isServer);
  if (options.passwordFile !== undefined && !isServer)
    throw new UsageError('--password-file is for a database server', `Leave it out, or name one of ${DATABASES}.`);
  if (isSqlite) return readSqliteUsers({ file: users.slice(SQLITE.length), ...query }, columns, sink);
  if (isServer) return readServerUsers(parseServer(users, options.passwordFile, query, signal), columns, sink);
  const input = users === '-' ? streamInput(process.stdin, DEFAULT_LIMITS) : openInput(users);
  const { table } = query;
  await readUsers(input, { columns, signal, ...(format && { format }), ...(table !== undefined && { table }) }, sink);
}

/** @throws UsageError, MatchError, IngestError */
export async function openUsers(
  users: string,
  options: UsersOptions,
  hashes: HashOptions,
  signal: AbortSignal,
): Promise<UserTable> {
  const table = new UserTable(hashes);
  await readUsersInto(table, users, options, signal);
  return table;
}
