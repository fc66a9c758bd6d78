// Phase 4: paths of the gateway itself, at each host of an application, and its own host.

import { ClientGoneError } from '../../runtime/http/problem.ts';
import { readBody } from '../../runtime/http/request-body.ts';
import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { APP_PAGES, answerAppPage } from '../identity/routes/app-pages.ts';
import { needingState } from '../identity/routes/route.ts';
import { MAX_REPORT_BYTES, parseReport } from '../outcome/report.ts';
import type { Reports } from '../outcome/reports.ts';
import type { OutcomeToken } from '../outcome/token.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { answerRelease, RELEASE, type ReleaseParts } from '../quarantine/release.ts';
import { isOwnPath, OWN_PATH } from '../request/own-path.ts';
import type { GatewaySetup } from '../setup.ts';
import { StateError } from '../state/state.ts';

const OUTCOME = `${OWN_PATH}outcome`;

export const isOwnRoute = ({ head }: Exchange): boolean => head !== undefined && isOwnPath(head.path);

/** Where people sign in: no application is served there. */
export const isOwnHost = ({ head }: Exchange, { identity }: GatewaySetup): boolean =>
  identity !== undefined && head?.host === identity.host;

let ownPages: Promise<typeof import('../identity/routes/own-pages.ts')> | undefined;

/** @throws Refusal */
export async function answerOwnHost(
  exchange: Exchange,
  { observe, people, bodyRates }: PipelineParts,
  { identity, applications, geo }: GatewaySetup,
): Promise<void> {
  const { peer, message } = exchange;
  // A connection that was secured for other hosts is theirs.
  if (peer.profile !== undefined && peer.profile !== identity?.tlsProfile)
    throw new Refusal('HOST_MISDIRECTED', { close: true });
  if (!identity || !people) throw new Refusal('SESSIONS_AWAY');
  bodyRates.watch(message);
  // With what it takes to read the bodies of its forms: few workers ever serve it.
  ownPages ??= import('../identity/routes/own-pages.ts');
  const { answerOwnPage } = await ownPages;
  await answerOwnPage(exchange, { people, identity, applications, geo, observe });
}

/** @throws Refusal */
export async function answerOwnRoute(
  exchange: Exchange,
  { observe, reports, bodyRates, people, limits }: PipelineParts,
  { outcomeToken, identity, applications, geo }: GatewaySetup,
): Promise<void> {
  const { head, response } = exchange;
  if (identity && head && APP_PAGES.has(head.path)) {
    if (!people) throw new Refusal('SESSIONS_AWAY');
    await answerAppPage(exchange, { people, identity, applications, geo, observe });
    return;
  }
  if (head?.path === RELEASE && people) {
    await needingState(() =>
      answerRelease(exchange, { holds: people.holds, applications, observe, count: countWith(limits) }),
    );
    return;
  }
  if (head?.path !== OUTCOME || !outcomeToken || !reports) throw new Refusal('ROUTE_UNKNOWN');
  if (head.method !== 'POST') throw new Refusal('METHOD_REFUSED');
  bodyRates.watch(exchange.message);
  const isTaken = await takeReport(exchange, outcomeToken, reports);
  if (!isTaken) return;
  response.writeHead(204, { 'Cache-Control': 'no-store' });
  response.end();
  observe.allowed(exchange);
}

/** From now on a browser is one of its user, and what went wrong before is over. */
const countWith =
  (limits: PipelineParts['limits']): ReleaseParts['count'] =>
  async (exchange, app, user) => {
    if (exchange.application?.name !== app) return [];
    const admission = await limits?.admit({ exchange, usernames: [user] });
    if (!admission || admission.ban) return [];
    return admission.settle({ outcome: 'success', isProven: true, canonical: user });
  };

/** @returns false if the client has left */
async function takeReport({ message, head }: Exchange, token: OutcomeToken, reports: Reports): Promise<boolean> {
  if (!token.isIn(message.headers.authorization)) throw new Refusal('REPORT_UNAUTHORIZED');
  // A length is what bounds the body before any of it is read.
  if (typeof head?.body !== 'number' || head.body > MAX_REPORT_BYTES) throw new Refusal('REPORT_MALFORMED');
  try {
    const report = head.body === 0 ? undefined : parseReport(await readBody(message));
    if (!report) throw new Refusal('REPORT_MALFORMED');
    const result = await reports.add(report);
    if (result !== 'taken') throw new Refusal(result === 'late' ? 'REPORT_LATE' : 'REPORT_UNKNOWN');
    return true;
  } catch (error) {
    if (error instanceof ClientGoneError) return false;
    if (error instanceof StateError) throw new Refusal('REPORT_LOST');
    throw error;
  }
}
