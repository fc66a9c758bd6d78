// credveil gateway sessions: who has signed in, and how to end that.

import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { SessionEntry, SessionPage } from '../../gateway/identity/sessions/session-book.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { type AdminFlags, appsOf, socketOf } from './administration.ts';
import { assertKnownApp } from './known-app.ts';

interface EndFlags extends AdminFlags {
  readonly user?: boolean;
  readonly app?: string;
  readonly all?: boolean;
}

export function addSessionCommands(gateway: Command): void {
  const withSocket = (command: Command): Command =>
    command
      .option('--config <file>', 'the configuration of the running gateway')
      .option('--socket <file>', 'its admin socket, without a configuration')
      .option('--json', 'print the result as JSON');
  const sessions = withSocket(gateway.command('sessions').description('show who has signed in at a running gateway'));
  sessions.action((_: unknown, command: Command) => listSessions(command.optsWithGlobals()));
  withSocket(
    sessions
      .command('end')
      .description('end sessions, within a second on all workers')
      .argument('[id]', 'of a session')
      .option('--user', 'all of a person: read their e-mail, or name at the provider, from standard input')
      .option('--app <host>', 'all of an application, whose people have to sign in anew')
      .option('--all', 'all of everybody'),
  ).action((id: string | undefined, _: unknown, command: Command) => endSessions(id, command.optsWithGlobals()));
}

/** @throws GatewayAway */
async function listSessions(flags: AdminFlags): Promise<void> {
  const all = await readSessions(socketOf(flags));
  printResult(flags, all, (sessions) => (sessions.length === 0 ? 'nobody has signed in' : describe(sessions)));
}

/** @throws GatewayAway */
async function readSessions(socket: string): Promise<SessionEntry[]> {
  const all: SessionEntry[] = [];
  let next: string | undefined;
  do {
    const { body } = await askGateway(socket, 'GET', next === undefined ? '/sessions' : `/sessions?after=${next}`);
    const page = body as SessionPage;
    all.push(...page.sessions);
    ({ next } = page);
  } while (next !== undefined);
  return all;
}

/** @throws GatewayAway, UsageError */
async function endSessions(id: string | undefined, flags: EndFlags): Promise<void> {
  const { user, app, all } = flags;
  const named = [id, user, app, all].filter((each) => each !== undefined);
  if (named.length !== 1)
    throw new UsageError(
      'name whose sessions end',
      'Pass the id of one, --app <host>, --all, or --user with their e-mail on standard input.',
    );
  const socket = socketOf(flags);
  if (app !== undefined) assertKnownApp(app, await appsOf(socket));
  const ended = all ? await endAll(socket) : await end(socket, await requestOf(id, flags));
  printResult(
    flags,
    { ended },
    () => `${ended} ended${ended === 0 && user ? ': nobody who signed in is called so' : ''}`,
  );
}

/** Never an argument whom it is about: others see those. */
async function requestOf(id: string | undefined, { user, app }: EndFlags): Promise<object> {
  if (!user) return app === undefined ? { id } : { app };
  const named = (await text(process.stdin)).trim();
  if (named === '') throw new UsageError('nobody is named', 'Write their e-mail to standard input.');
  return { user: named };
}

/** Those who sign in meanwhile stay: they have just shown who they are. */
async function endAll(socket: string): Promise<number> {
  let ended = 0;
  for (const { id } of await readSessions(socket)) ended += await end(socket, { id });
  return ended;
}

/** @throws GatewayAway, UsageError */
async function end(socket: string, request: object): Promise<number> {
  const { status, body } = await askGateway(socket, 'POST', '/sessions/end', request);
  if (status !== 200) throw new UsageError('this is no id of a session', 'credveil gateway sessions shows them.');
  return (body as { readonly ended: number }).ended;
}

const describe = (sessions: readonly SessionEntry[]): string =>
  formatTable(
    ['ID', 'PERSON', 'PROVIDER', 'SIGNED IN', 'SEEN', 'ENDS'],
    sessions.map(({ id, person, provider, signedInAt, seenAt, untilMs }) => [
      id,
      printable(person),
      provider,
      ...[signedInAt, seenAt, untilMs].map(timeOf),
    ]),
  );

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
