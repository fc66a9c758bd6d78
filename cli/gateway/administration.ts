// credveil gateway status and lists: questions to a running gateway.

import fs from 'node:fs';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { ConfigStatus, GatewayStatus } from '../../gateway/admin/admin-server.ts';
import { adminSocketOf, usualAdminSocket } from '../../gateway/config/admin-socket.ts';
import { GatewayConfigError, readConfig } from '../../gateway/config/read.ts';
import { configuredName } from '../../gateway/lists/list-names.ts';
import type { ListStats } from '../../gateway/lists/lists.ts';
import { nearest } from '../../runtime/config/nearest.ts';
import { ExitCode, UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { printable } from '../printable.ts';

export interface AdminFlags {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: boolean;
}

/**
 * A gateway goes on with the configuration that it has, whatever becomes of the file. @throws
 * UsageError
 */
export function socketOf({ config: file, socket }: AdminFlags): string {
  if (socket !== undefined) return socket;
  const hint = 'Name the socket of the running gateway: --socket <file>.';
  if (file === undefined) throw new UsageError('no configuration given', `Pass --config <file>. ${hint}`);
  let found: string | undefined;
  try {
    found = adminSocketOf(readConfig(file));
  } catch (error) {
    if (!(error instanceof GatewayConfigError)) throw error;
    const usual = usualAdminSocket(file);
    if (fs.existsSync(usual)) return usual;
    throw new UsageError(error.message, `Correct it: credveil gateway --check shows how. ${hint}`);
  }
  if (found === undefined)
    throw new UsageError('this gateway has no admin socket', 'Remove admin: off from its configuration.');
  return found;
}

/** The applications of a running gateway, by name. @throws GatewayAway */
export async function appsOf(socket: string): Promise<readonly string[]> {
  return ((await askGateway(socket, 'GET', '/status')).body as GatewayStatus).apps;
}

/** @throws GatewayAway */
export async function showStatus(flags: AdminFlags): Promise<void> {
  const { body } = await askGateway(socketOf(flags), 'GET', '/status');
  printResult(flags, body as GatewayStatus, ({ pid, version, startedAt, config, urls, apps, lists }) =>
    [
      `process ${pid}, version ${version}, started at ${startedAt}`,
      ...describeConfig(config),
      ...urls.map((url) => `listening on ${url}`),
      `applications: ${apps.join(', ')}`,
      ...(lists.length === 0 ? [] : [describeLists(lists)]),
    ].join('\n'),
  );
}

function describeConfig({ file, appliedAt, lastReload }: ConfigStatus): string[] {
  const inForce = `configuration ${printable(file)}, in force since ${appliedAt}`;
  if (lastReload?.message === undefined) return [inForce];
  return [inForce, `refused at ${lastReload.at}: ${printable(lastReload.message)}`];
}

/** @throws GatewayAway */
export async function showLists(flags: AdminFlags): Promise<void> {
  const { body } = await askGateway(socketOf(flags), 'GET', '/status');
  const { lists } = body as GatewayStatus;
  printResult(flags, lists, (all) => (all.length === 0 ? 'no lists' : describeLists(all)));
}

/** @throws GatewayAway, UsageError if no list of that name waits */
export async function acceptList(name: string, flags: AdminFlags): Promise<void> {
  const { name: found, isRefused } = await findList(name, flags);
  const { status } = await askGateway(socketOf(flags), 'POST', `/lists/${found}/accept`);
  if (status !== 200 && isRefused)
    throw new UsageError(
      `${found} is refused, and could not be kept to be accepted`,
      `Make room in the stateDirectory, then: credveil gateway lists refresh ${found}, and accept it again.`,
    );
  if (status !== 200)
    throw new UsageError(
      `${found} does not wait to be accepted`,
      'credveil gateway lists shows which are refused, in the column STATE.',
    );
  printResult(flags, { accepted: found }, () => `${found} is in force`);
}

/** @throws GatewayAway, UsageError if no list of that name has a source */
export async function refreshList(name: string, flags: AdminFlags): Promise<void> {
  const { name: found } = await findList(name, flags);
  const { status, body } = await askGateway(socketOf(flags), 'POST', `/lists/${found}/refresh`);
  if (status !== 200)
    throw new UsageError(`${found} has no source`, 'Its items are in the configuration: SIGHUP applies a changed one.');
  const list = await findList(found, flags);
  const isOver = (body as { readonly progress?: string }).progress === 'over';
  const later = '\nit is still being read: credveil gateway lists shows what becomes of it';
  printResult(flags, { ...list, isOver }, () => `${describeLists([list])}${isOver ? '' : later}`);
  if (list.lastError !== undefined) process.exitCode = ExitCode.failed;
}

/** @throws GatewayAway, UsageError if the running gateway has no such list */
async function findList(name: string, flags: AdminFlags): Promise<ListStats> {
  const { body } = await askGateway(socketOf(flags), 'GET', '/status');
  const { lists } = body as GatewayStatus;
  const list = lists.find((each) => each.name === configuredName(name.replace(/^\$/, '')));
  if (list) return list;
  const names = lists.map((each) => each.name);
  const meant = nearest(name, names);
  const all = names.length === 0 ? 'It has none.' : `Its lists are ${names.slice(0, 20).join(', ')}.`;
  throw new UsageError(
    'the running gateway has no list of this name',
    meant === undefined ? all : `Did you mean ${meant}?`,
  );
}

const describeLists = (lists: readonly ListStats[]): string =>
  formatTable(
    ['LIST', 'ENTRIES', 'LEFT OUT', 'OBSERVED', 'AGE', 'STATE'],
    lists.map((list) => [list.name, list.entries, list.leftOut, list.observed, ageOf(list), stateOf(list)]),
  );

function ageOf({ ageMs }: ListStats): string {
  if (ageMs === undefined) return '-';
  const minutes = Math.floor(ageMs / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

function stateOf({ isKnown, isRefused, lastError }: ListStats): string {
  const states = [
    ...(isRefused ? ['refused'] : []),
    ...(isKnown ? [] : ['unknown']),
    ...(lastError ? [lastError] : []),
  ];
  return states.length === 0 ? 'ok' : states.join(', ');
}

/** @throws GatewayAway, UsageError without the page */
export async function showPageLink(flags: AdminFlags): Promise<void> {
  const { status, body } = await askGateway(socketOf(flags), 'POST', '/page/link');
  if (status !== 200)
    throw new UsageError('this gateway has no admin page', 'Set admin: { page: "127.0.0.1:8490" }, and restart it.');
  printResult(flags, body as { readonly link: string }, ({ link }) => link);
}
