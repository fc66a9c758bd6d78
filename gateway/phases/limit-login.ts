// Phase 10 of a login: its slots in the limits, before it is sent to the application.

import type { Exchange } from '../exchange.ts';
import type { Admission, Admitted, AttemptFacts } from '../limits/limits.ts';
import { SharedAttempt } from '../limits/shared-attempt.ts';
import type { KnownCredential } from '../login/known-credentials.ts';
import type { PipelineParts } from '../pipeline-parts.ts';

const WITHOUT_LIMITS: Admitted = { settle: async () => [] };

/** @returns undefined if the attempt is over a limit: then the client has its answer */
export async function admitLogin(
  exchange: Exchange,
  facts: Omit<AttemptFacts, 'exchange'>,
  { limits, observe }: PipelineParts,
  shared?: SharedAttempt,
): Promise<Admitted | undefined> {
  if (!limits) return WITHOUT_LIMITS;
  const admit = (): Promise<Admission> => limits.admit({ exchange, ...facts });
  const admission = await (shared ? shared.join(admit) : admit());
  if (!admission.ban) return admission;
  const { code, answer } = admission.ban;
  exchange.answer(code, answer);
  observe.answered(exchange, code, admission.ban);
  return undefined;
}

/** Of known credentials. */
const open = new WeakMap<KnownCredential, SharedAttempt>();

/**
 * A known credential whose success was proven is no attempt. What an application took without proof
 * it may take from anybody: it is one, with all other requests that have it at the moment.
 */
export async function admitKnown(
  exchange: Exchange,
  facts: Omit<AttemptFacts, 'exchange'>,
  known: KnownCredential | undefined,
  parts: PipelineParts,
): Promise<Admitted | undefined> {
  if (known?.isProven) return WITHOUT_LIMITS;
  const shared = known && (open.get(known) ?? new SharedAttempt());
  if (shared) open.set(known, shared);
  return admitLogin(exchange, facts, parts, shared);
}

/**
 * A login that cannot be read counts too, since it would else be a way to ask without end.
 * @returns whether it is over a limit: then the client has its answer
 */
export async function isUnreadableLimited(exchange: Exchange, parts: PipelineParts): Promise<boolean> {
  const admitted = await admitLogin(exchange, { usernames: [] }, parts);
  await admitted?.settle({ outcome: 'failure', isProven: false });
  return admitted === undefined;
}
