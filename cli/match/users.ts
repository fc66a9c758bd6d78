// The user table of a match, as the command line names it.

import type { Command } from 'commander';
import { Option } from 'commander';
import { DEFAULT_LIMITS } from '../../ingest/containers/budget.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { streamInput } from '../../ingest/input/stream-input.ts';
import type { HashOptions } from '../../match/hashes/parse-hash.ts';
import { readUsers, TABLE_FORMATS, type TableFormat } from '../../match/users/read-users.ts';
import { readSqliteUsers } from '../../match/users/sqlite.ts';
import { parseUserColumns, type UserColumns, type UserSink } from '../../match/users/user-rows.ts';
import { UserTable } from '../../match/users/user-table.ts';
import { UsageError } from '../exit.ts';

export interface UsersOptions {
  columns: string;
  usersFormat?: TableFormat;
  table?: string;
  query?: string;
}

const SQLITE = 'sqlite:';

export function addUsersOptions(command: Command): Command {
  return command
    .argument('<users>', 'user table: a CSV, JSON or SQL export, sqlite:FILE, or - for standard input')
    .requiredOption(
      '--columns <list>',
      'columns of the user table, by name or place: id=NAME,username=NAME,email=NAME,hash=NAME[,salt=NAME]',
    )
    .addOption(
      new Option('--users-format <format>', 'format of the user table (default: recognised)').choices(TABLE_FORMATS),
    )
    .option('--table <name>', 'sqlite: the table of users')
    .option('--query <sql>', 'sqlite: a query that returns the users, instead of --table');
}

function parseColumns(text: string, needsHash: boolean): UserColumns {
  const columns = parseUserColumns(text, needsHash);
  if (columns) return columns;
  throw new UsageError(
    `--columns must name an id, ${needsHash ? 'a hash, ' : ''}and at least one username or email`,
    'Write --columns id=ID,username=user_login,email=user_email,hash=user_pass; username and email may be repeated.',
  );
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
  const { usersFormat: format, table, query } = options;
  const columns = parseColumns(options.columns, needsHash);
  const isSqlite = users.startsWith(SQLITE);
  if (isSqlite ? (table === undefined) === (query === undefined) : table !== undefined || query !== undefined)
    throw new UsageError(
      isSqlite ? 'sqlite: takes --table or --query' : '--table and --query are for sqlite:FILE',
      isSqlite ? 'Pass one of them.' : 'Pass the database as sqlite:FILE, or leave them out.',
    );
  if (isSqlite) {
    const file = users.slice(SQLITE.length);
    readSqliteUsers(
      { file, ...(table !== undefined && { table }), ...(query !== undefined && { query }) },
      columns,
      sink,
    );
    return;
  }
  const input = users === '-' ? streamInput(process.stdin, DEFAULT_LIMITS) : openInput(users);
  await readUsers(input, { columns, signal, ...(format && { format }) }, sink);
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
