// Phase 6, for whoever was let in: the application is told who it is, with what it can verify and
// what it reads from headers.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { identityHeaders, type Subject } from '../identity/assertion/identity-headers.ts';
import { needingState } from '../identity/routes/route.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';

/**
 * At once but for the first request after a start.
 * @throws Refusal `SESSIONS_AWAY`: an application never takes somebody for nobody
 */
export function tellIdentity(
  exchange: Exchange,
  { issuer }: GatewaySetup,
  { people }: PipelineParts,
): Promise<void> | undefined {
  const { application, toOrigin, now } = exchange;
  const access = application?.config.access;
  const subject = subjectOf(exchange);
  if (!access || !subject) return undefined;
  if (issuer === undefined) {
    toOrigin.push(...identityHeaders(access.headers, subject));
    return undefined;
  }
  const add = (headers: readonly string[]): void => void toOrigin.push(...headers);
  if (!people) throw new Refusal('SESSIONS_AWAY');
  const told = people.assertions.of({ issuer, audience: application.name, subject, names: access, now });
  if (!(told instanceof Promise)) {
    add(told);
    return undefined;
  }
  return needingState(() => told.then(add));
}

function subjectOf({ access, session, serviceToken }: Exchange): Subject | undefined {
  if (access?.verdict === 'allow' && session)
    return { kind: 'person', person: session.person, sessionHash: session.sessionHash };
  if (access?.verdict === 'service' && serviceToken !== undefined) return { kind: 'service', token: serviceToken };
  return undefined;
}
