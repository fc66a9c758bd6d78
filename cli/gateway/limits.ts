// credveil gateway limits: the bans of a running gateway, and how to lift them.

import { text } from 'node:stream/consumers';
import { askGateway } from '../../gateway/admin/admin-client.ts';
import type { BanEntry, BanPage } from '../../gateway/limits/limit-messages.ts';
import { UsageError } from '../exit.ts';
import { formatTable, printResult } from '../output.ts';
import { type AdminFlags, socketOf } from './administration.ts';

export interface LiftFlags extends AdminFlags {
  readonly user?: string;
}

/** @throws GatewayAway, UsageError */
export async function listLimits(flags: AdminFlags): Promise<void> {
  const socket = socketOf(flags);
  const bans: BanEntry[] = [];
  let page: BanPage;
  let after = '';
  do {
    const { body } = await askGateway(socket, 'GET', after === '' ? '/limits' : `/limits?after=${after}`);
    page = body as BanPage;
    bans.push(...page.bans);
    after = page.bans.at(-1)?.id ?? '';
  } while (page.bans.length > 0 && bans.length < page.total);
  printResult(flags, bans, (all) => (all.length === 0 ? 'no bans' : describeBans(all)));
}

/** @throws GatewayAway, UsageError */
export async function liftLimits(id: string | undefined, flags: LiftFlags): Promise<void> {
  const { user: app } = flags;
  if ((id === undefined) === (app === undefined))
    throw new UsageError(
      'nothing to lift is named',
      'Pass the id of a ban, or --user <app> with the username on standard input.',
    );
  // Never an argument: others see those.
  const request = app === undefined ? { id } : { app, username: (await text(process.stdin)).replace(/\r?\n$/, '') };
  const { status } = await askGateway(socketOf(flags), 'POST', '/limits/lift', request);
  if (status !== 200)
    throw new UsageError(
      'there is no such ban, and no count of such a user',
      'credveil gateway limits shows the bans.',
    );
  printResult(flags, { lifted: true }, () => 'lifted');
}

const describeBans = (bans: readonly BanEntry[]): string =>
  formatTable(
    ['ID', 'APPLICATION', 'LIMIT', 'OF', 'ENDS IN'],
    bans.map(({ id, app, limit, network, user, forMs }) => [id, app, limit, ofWhom(network, user), lengthOf(forMs)]),
  );

const ofWhom = (network: string | undefined, user: string | undefined): string =>
  [network, user && `user ${user}…`].filter(Boolean).join(', ') || '-';

function lengthOf(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
