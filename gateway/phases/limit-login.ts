// Phase 10 of a login: its slots in the limits, before it is sent to the application.

import type { Exchange } from '../exchange.ts';
import type { Admitted, AttemptFacts } from '../limits/limits.ts';
import type { PipelineParts } from '../pipeline-parts.ts';

const WITHOUT_LIMITS: Admitted = { settle: async () => [] };

/** @returns undefined if the attempt is over a limit: then the client has its answer */
export async function admitLogin(
  exchange: Exchange,
  { usernames, findMember }: Omit<AttemptFacts, 'exchange'>,
  { limits, observe }: PipelineParts,
): Promise<Admitted | undefined> {
  if (!limits) return WITHOUT_LIMITS;
  const admission = await limits.admit({ exchange, usernames, findMember });
  if (!admission.ban) return admission;
  const { code, answer, limit } = admission.ban;
  exchange.answer(code, answer);
  observe.answered(exchange, code, limit);
  return undefined;
}

/**
 * A login that cannot be read counts too, since it would else be a way to ask without end.
 * @returns whether it is over a limit: then the client has its answer
 */
export async function isUnreadableLimited(exchange: Exchange, parts: PipelineParts): Promise<boolean> {
  const admitted = await admitLogin(exchange, { usernames: [] }, parts);
  await admitted?.settle({ outcome: 'unknown' });
  return admitted === undefined;
}
