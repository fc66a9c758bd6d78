// credveil gateway sessions: who has signed in, and how to end that.

import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { SessionEntry, SessionPage } from '../../gateway/identity/sessions/session-book.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { type AdminFlags, socketOf } from './administration.ts';

interface EndFlags extends AdminFlags {
  readonly user?: boolean;
  readonly app?: string;
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
      .option('--app <host>', 'all of an application, whose people have to sign in anew'),
  ).action((id: string | undefined, _: unknown, command: Command) => endSessions(id, command.optsWithGlobals()));
}

/** @throws GatewayAway */
async function listSessions(flags: AdminFlags): Promise<void> {
  const socket = socketOf(flags);
  const all: SessionEntry[] = [];
  let next: string | undefined;
  do {
    const { body } = await askGateway(socket, 'GET', next === undefined ? '/sessions' : `/sessions?after=${next}`);
    const page = body as SessionPage;
    all.push(...page.sessions);
    ({ next } = page);
  } while (next !== undefined);
  printResult(flags, all, (sessions) => (sessions.length === 0 ? 'nobody has signed in' : describe(sessions)));
}

/** @throws GatewayAway, UsageError */
async function endSessions(id: string | undefined, flags: EndFlags): Promise<void> {
  const { user, app } = flags;
  const named = [id, user, app].filter((each) => each !== undefined);
  if (named.length !== 1)
    throw new UsageError(
      'name whose sessions end',
      'Pass the id of one, --app <host>, or --user with their e-mail on standard input.',
    );
  // Never an argument: others see those.
  const request = user ? { user: (await text(process.stdin)).trim() } : app === undefined ? { id } : { app };
  const { status, body } = await askGateway(socketOf(flags), 'POST', '/sessions/end', request);
  if (status !== 200) throw new UsageError('this names no session', 'credveil gateway sessions shows them.');
  printResult(flags, body as { readonly ended: number }, ({ ended }) => `${ended} ended`);
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
