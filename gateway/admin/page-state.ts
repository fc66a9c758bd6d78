// What the admin page shows.

import type { Metric } from '../../runtime/observe/metric.ts';
import type { SessionEntry } from '../identity/sessions/session-book.ts';
import type { BanEntry } from '../limits/limit-messages.ts';
import type { ListStats } from '../lists/lists.ts';
import type { FailureCounts } from '../record/recent-failures.ts';
import type { AdminActions, GatewayStatus } from './admin-server.ts';
import type { PageSession } from './page-sessions.ts';

export interface PageActions extends AdminActions {
  metrics(): Promise<readonly (readonly Metric[])[]>;
  failures(): FailureCounts;
  /** Service tokens of programs, the newest first. @throws TokenError */
  tokens(): readonly TokenEntry[];
  /** @returns whether there was one @throws TokenError */
  revokeToken(id: string): boolean;
}

/** A service token, without what a program shows. */
export interface TokenEntry {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Null: it lasts until it is revoked. */
  readonly expiresAt: number | null;
}

type Counted = { readonly [label: string]: string } & { readonly count: number };

export interface PageState extends Pick<GatewayStatus, 'version' | 'startedAt' | 'config' | 'urls' | 'apps'> {
  /** By app, login, outcome and verdict. */
  readonly logins: readonly object[];
  /** Requests that limits refused, by limit. */
  readonly limited: readonly object[];
  /** By rule and action. */
  readonly rules: readonly object[];
  readonly failures: FailureCounts;
  readonly bans: readonly (BanEntry & { readonly token: string })[];
  readonly bansTotal: number;
  readonly lists: readonly (ListStats & { readonly token: string })[];
  /** Of people, the first ones; each with what ends it. */
  readonly sessions: readonly (SessionEntry & { readonly token: string })[];
  readonly hasMoreSessions: boolean;
  /** Of programs. */
  readonly serviceTokens: readonly (TokenEntry & { readonly token: string })[];
}

/** A page shows no more. */
const MAX_SHOWN = 200;

export const liftAction = (id: string): string => `lift ${id}`;
export const acceptAction = (name: string): string => `accept ${name}`;
export const endAction = (id: string): string => `end ${id}`;
export const revokeAction = (id: string): string => `revoke ${id}`;

export async function readPageState(actions: PageActions, session: PageSession): Promise<PageState> {
  const { version, startedAt, config, urls, apps, lists } = actions.status();
  const metrics = await actions.metrics();
  const { bans, total } = await actions.bans();
  const page = await actions.sessions();
  const tokens = actions.tokens();
  return {
    ...{ version, startedAt, config, urls, apps },
    logins: sumOf(metrics, 'credveil_gateway_logins_total'),
    limited: sumOf(metrics, 'credveil_gateway_limited_total'),
    rules: sumOf(metrics, 'credveil_gateway_rule_matches_total'),
    failures: actions.failures(),
    bans: bans.map((ban) => ({ ...ban, token: session.tokenOf(liftAction(ban.id)) })),
    bansTotal: total,
    lists: lists.map((list) => ({ ...list, token: session.tokenOf(acceptAction(list.name)) })),
    sessions: page.sessions
      .slice(0, MAX_SHOWN)
      .map((each) => ({ ...each, token: session.tokenOf(endAction(each.id)) })),
    hasMoreSessions: page.next !== undefined || page.sessions.length > MAX_SHOWN,
    serviceTokens: tokens
      .slice(0, MAX_SHOWN)
      .map((each) => ({ ...each, token: session.tokenOf(revokeAction(each.id)) })),
  };
}

/** A counter over all processes, the largest first. */
function sumOf(metrics: readonly (readonly Metric[])[], name: string): Counted[] {
  const sums = new Map<string, number>();
  for (const metric of metrics.flat())
    if (metric.name === name)
      for (const { value, labels } of metric.values) {
        const key = JSON.stringify(labels);
        sums.set(key, (sums.get(key) ?? 0) + value);
      }
  return [...sums].map(([key, count]) => ({ ...JSON.parse(key), count })).sort((a, b) => b.count - a.count);
}
