// credveil gateway status and lists: questions to a running gateway.

import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { GatewayStatus } from '../../gateway/admin/admin-server.ts';
import { adminSocketOf } from '../../gateway/config/admin-socket.ts';
import { readConfig } from '../../gateway/config/read.ts';
import type { ListStats } from '../../gateway/lists/lists.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';

export interface AdminFlags {
  readonly config: string;
  readonly json?: boolean;
}

const socketOf = (file: string): string => {
  const socket = adminSocketOf(readConfig(file));
  if (socket !== undefined) return socket;
  throw new UsageError('this gateway has no admin socket', 'Remove admin: off from its configuration.');
};

/** @throws GatewayAway */
export async function showStatus(flags: AdminFlags): Promise<void> {
  const { body } = await askGateway(socketOf(flags.config), 'GET', '/status');
  printResult(flags, body as GatewayStatus, ({ urls, apps, lists }) =>
    [
      ...urls.map((url) => `listening on ${url}`),
      `applications: ${apps.join(', ')}`,
      ...(lists.length === 0 ? [] : [describeLists(lists)]),
    ].join('\n'),
  );
}

/** @throws GatewayAway */
export async function showLists(flags: AdminFlags): Promise<void> {
  const { body } = await askGateway(socketOf(flags.config), 'GET', '/status');
  const { lists } = body as GatewayStatus;
  printResult(flags, lists, (all) => (all.length === 0 ? 'no lists' : describeLists(all)));
}

/** @throws GatewayAway, UsageError if no list of that name waits */
export async function acceptList(name: string, flags: AdminFlags): Promise<void> {
  const { status } = await askGateway(socketOf(flags.config), 'POST', `/lists/${encodeURIComponent(name)}/accept`);
  if (status !== 200)
    throw new UsageError(
      'no list of this name waits to be accepted',
      'credveil gateway lists shows which are refused, in the column STATE.',
    );
  printResult(flags, { accepted: name }, () => `${name} is in force`);
}

const describeLists = (lists: readonly ListStats[]): string =>
  formatTable(
    ['LIST', 'ENTRIES', 'OBSERVED', 'AGE', 'STATE'],
    lists.map((list) => [list.name, list.entries, list.observed, ageOf(list), stateOf(list)]),
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
