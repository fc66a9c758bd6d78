// Phase 6: who may reach an application that has policies. Each request is judged anew.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import type { AccessFacts } from '../identity/policies/facts.ts';
import { type AccessDecision, judgeAccess } from '../identity/policies/policies.ts';
import { tokenHeaders } from '../identity/tokens/service-tokens.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';

/** @throws Refusal `ACCESS_DENIED`, `SIGN_IN_REQUIRED` */
export function assertAccess(exchange: Exchange, setup: GatewaySetup, { observe }: PipelineParts): void {
  const { application, found } = exchange;
  if (!application?.access || !found) return;
  const decision = judgeAccess(application.access, factsOf(exchange, setup), found.readings);
  exchange.access = decision;
  observe.access.count(application.name, decision);
  const refusal = refusalOf(exchange, decision);
  if (refusal) throw new Refusal(refusal);
}

const factsOf = ({ head, client, now }: Exchange, { tokens }: GatewaySetup): AccessFacts => ({
  person: undefined,
  serviceToken: head && tokens?.nameIn(head, now),
  address: client,
});

function refusalOf({ head }: Exchange, { verdict }: AccessDecision): 'ACCESS_DENIED' | 'SIGN_IN_REQUIRED' | undefined {
  if (verdict === 'denied') return 'ACCESS_DENIED';
  if (verdict !== 'sign-in') return undefined;
  // Nobody signs in for a program whose token is not valid.
  return head && tokenHeaders(head).length > 0 ? 'ACCESS_DENIED' : 'SIGN_IN_REQUIRED';
}
