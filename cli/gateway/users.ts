// credveil gateway users and factors: whose they are, and what an administrator changes.

import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { Factor } from '../../gateway/factors/factor.ts';
import type { ImportedUser, UserEntry, UserPage } from '../../gateway/factors/factor-messages.ts';
import { plainEmail } from '../../gateway/identity/email.ts';
import { UsageError } from '../exit.ts';
import { formatTable, note, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { type AdminFlags, appsOf, socketOf } from './administration.ts';
import { readCsv } from './csv.ts';
import { isKnownApp } from './known-app.ts';
import { readNamedFile } from './named-file.ts';

interface RemoveFlags extends AdminFlags {
  readonly all?: boolean;
}

/** Of one request: the gateway takes no longer ones. */
const BATCH_LENGTH = 7_000;
const MAX_FILE_BYTES = 2 ** 26;

export function addUserCommands(gateway: Command): void {
  const withSocket = (command: Command): Command =>
    command
      .option('--config <file>', 'the configuration of the running gateway')
      .option('--socket <file>', 'its admin socket, without a configuration')
      .option('--json', 'print the result as JSON');
  const users = withSocket(gateway.command('users').description('show the people whom a running gateway knows'));
  users.action((_: unknown, command: Command) => listUsers(command.optsWithGlobals()));
  withSocket(users.command('list').description('the same')).action((_: unknown, command: Command) =>
    listUsers(command.optsWithGlobals()),
  );
  withSocket(
    users
      .command('import')
      .description('import people, whose window to enrol opens')
      .argument('<file>', 'CSV with the columns email and, if applications have names of their own, app and user'),
  ).action((file: string, _: unknown, command: Command) => importUsers(file, command.optsWithGlobals()));
  withSocket(
    users.command('code').description('make a code to enrol, for whom standard input names: an e-mail'),
  ).action((_: unknown, command: Command) => makeCode(command.optsWithGlobals()));
  withSocket(users.command('remove').description('remove whom standard input names, with their factors')).action(
    (_: unknown, command: Command) => removeUser(command.optsWithGlobals()),
  );

  const factors = withSocket(
    gateway.command('factors').description('show the factors of whom standard input names: an e-mail'),
  );
  factors.action((_: unknown, command: Command) => showFactors(command.optsWithGlobals()));
  withSocket(factors.command('list').description('the same')).action((_: unknown, command: Command) =>
    showFactors(command.optsWithGlobals()),
  );
  withSocket(
    factors
      .command('remove')
      .description('remove a factor of whom standard input names')
      .argument('[id]', 'of the factor')
      .option('--all', 'all of them'),
  ).action((id: string | undefined, _: unknown, command: Command) => removeFactors(id, command.optsWithGlobals()));
}

/** @throws GatewayAway */
async function listUsers(flags: AdminFlags): Promise<void> {
  const socket = socketOf(flags);
  const all: UserEntry[] = [];
  let next: string | undefined;
  do {
    const { status, body } = await askGateway(socket, 'GET', next === undefined ? '/users' : `/users?after=${next}`);
    if (status !== 200) throw unavailable();
    const page = body as UserPage;
    all.push(...page.users);
    ({ next } = page);
  } while (next !== undefined);
  printResult(flags, all, (users) => (users.length === 0 ? 'nobody was imported' : describeUsers(users)));
}

/** @throws GatewayAway, UsageError */
async function importUsers(file: string, flags: AdminFlags): Promise<void> {
  const users = readUsers(file);
  const socket = socketOf(flags);
  let added = 0;
  for (const batch of batchesOf(users)) {
    const { status, body } = await askGateway(socket, 'POST', '/users/import', { users: batch });
    if (status !== 200) throw unavailable();
    added += (body as { readonly added: number }).added;
  }
  const apps = await appsOf(socket);
  const strange = [...new Set(users.flatMap(({ app }) => app ?? []))].filter((app) => !isKnownApp(app, apps));
  printResult(
    flags,
    { read: users.length, added, unknownApps: strange },
    ({ read }) => `${read} read, ${added} of them new`,
  );
  if (flags.json || strange.length === 0) return;
  note(
    `warning: the configuration has no application ${printable(strange.slice(0, 5).join(', '))}\n  It has: ${apps.join(', ')}. Import the corrected file again.`,
  );
}

const FIRST_LINE = 'Begin it with the names of its columns, with commas between: email,app,user, or email alone.';

/** @throws UsageError with the number of the line */
function readUsers(file: string): ImportedUser[] {
  const text = readNamedFile(file, 'Name a file of CSV of at most 64 MiB: longer ones in parts.', MAX_FILE_BYTES);
  const [names = [], ...rows] = readCsv(text.toString());
  const at = (name: string): number => names.findIndex((each) => each.trim().toLowerCase() === name);
  const [email, app, user] = [at('email'), at('app'), at('user')];
  if (email < 0) throw new UsageError(`${file} has no column email`, FIRST_LINE);
  if (app < 0 !== user < 0) throw new UsageError(`${file} has app or user alone`, FIRST_LINE);
  return rows.map((row, i): ImportedUser => {
    const address = plainEmail(row[email]?.trim());
    if (address === undefined)
      throw new UsageError(`${file}: line ${i + 2} has no e-mail address`, 'Correct it. Nobody was imported.');
    const [ofApp, name] = [row[app]?.trim() ?? '', row[user]?.trim() ?? ''];
    return ofApp === '' || name === '' ? { email: address } : { email: address, app: ofApp, user: name };
  });
}

function* batchesOf(users: readonly ImportedUser[]): Generator<ImportedUser[]> {
  let batch: ImportedUser[] = [];
  let length = 0;
  for (const user of users) {
    const own = JSON.stringify(user).length;
    if (length + own > BATCH_LENGTH && batch.length > 0) {
      yield batch;
      [batch, length] = [[], 0];
    }
    batch.push(user);
    length += own + 1;
  }
  if (batch.length > 0) yield batch;
}

/** @throws GatewayAway, UsageError */
async function makeCode(flags: AdminFlags): Promise<void> {
  const body = await ask<{ readonly code: string; readonly isNew: boolean }>(flags, '/users/code', {});
  printResult(flags, body, ({ code }) => `${code}\nIt is good for 24 hours, and shown this once.`);
  if (body.isNew && !flags.json) note('The gateway had no record of this person: is the address right?');
}

/** @throws GatewayAway, UsageError */
async function removeUser(flags: AdminFlags): Promise<void> {
  printResult(flags, await ask(flags, '/users/remove', {}), () => 'removed');
}

/** @throws GatewayAway, UsageError */
async function showFactors(flags: AdminFlags): Promise<void> {
  const entry = await ask<UserEntry>(flags, '/users/show', {});
  printResult(flags, entry, ({ factors, recoveryLeft }) =>
    [
      factors.length === 0 ? 'no factors' : describeFactors(factors),
      `${recoveryLeft} recovery ${recoveryLeft === 1 ? 'code' : 'codes'}`,
    ].join('\n'),
  );
}

/** @throws GatewayAway, UsageError */
async function removeFactors(id: string | undefined, flags: RemoveFlags): Promise<void> {
  if ((id === undefined) !== (flags.all === true))
    throw new UsageError('name what to remove', 'Pass the id of a factor, or --all.');
  const body = await ask<{ readonly removed: readonly Factor[] }>(flags, '/factors/remove', id ? { factor: id } : {});
  printResult(flags, body, ({ removed }) => `${removed.length} removed`);
}

/** Whom it is about is never an argument: others see those. */
async function ask<Answer extends object>(
  flags: AdminFlags,
  path: string,
  body: { readonly factor?: string },
): Promise<Answer> {
  const user = (await text(process.stdin)).trim();
  if (user === '') throw new UsageError('nobody is named', 'Write their e-mail to standard input.');
  const { status, body: answer } = await askGateway(socketOf(flags), 'POST', path, { user, ...body });
  if (status === 200) return answer as Answer;
  if (status === 500) throw unavailable();
  if (status === 400)
    throw new UsageError(
      'what standard input has is nobody',
      'Write an e-mail, or PROVIDER:SUBJECT of somebody without one.',
    );
  throw new UsageError(
    body.factor === undefined ? 'the gateway does not know this person' : 'the person has no such factor',
    'credveil gateway users shows whom it knows, and credveil gateway factors what they have.',
  );
}

const unavailable = (): UsageError =>
  new UsageError(
    'the gateway has no factors now',
    'Without identity it keeps none; otherwise its log says why (state-failed).',
  );

const describeUsers = (users: readonly UserEntry[]): string =>
  formatTable(
    ['PERSON', 'IMPORTED', 'FACTORS', 'RECOVERY CODES', 'CODE UNTIL'],
    users.map(({ user, importedAt, factors, recoveryLeft, codeUntil }) => [
      printable(user),
      timeOf(importedAt),
      factors.map(({ method }) => method).join(', '),
      String(recoveryLeft),
      timeOf(codeUntil),
    ]),
  );

const describeFactors = (factors: readonly Factor[]): string =>
  formatTable(
    ['ID', 'METHOD', 'NAME', 'CREATED', 'LAST USED'],
    factors.map(({ id, method, name, createdAt, lastUsedAt }) => [
      id,
      method,
      printable(name),
      timeOf(createdAt),
      timeOf(lastUsedAt),
    ]),
  );

const timeOf = (ms: number | null): string =>
  ms === null ? '' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
