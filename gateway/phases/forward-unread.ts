// What may be a login by its fields at a place that nothing describes, and could not be read: such
// as nearly JSON, XML, or more names and passwords than a check takes. It goes on, and is refused
// if it has signed somebody in: nobody knows whose login that was, or with which password.

import type { Exchange } from '../exchange.ts';
import { needingState } from '../identity/routes/route.ts';
import type { AttemptFacts } from '../limits/limits.ts';
import { type Attempt, type Login, UNKNOWN } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { passForm } from './enter-hold.ts';
import { forwardLogin } from './forward-request.ts';
import { isForeignForm, lockLogin } from './hold-login.ts';
import { countedForm, type Rise, riseOf } from './hold-rise.ts';
import { admitLogin } from './limit-login.ts';

interface UnreadRequest {
  readonly target: string;
  readonly content: Content | undefined;
  /** Of which it may have the fields. */
  readonly login: Login;
  readonly facts: Omit<AttemptFacts, 'exchange'>;
}

export async function forwardUnread(
  exchange: Exchange,
  { target, content, login, facts }: UnreadRequest,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const admitted = await admitLogin(exchange, facts, parts);
  if (!admitted) return;
  let held: HeldResponse | undefined;
  try {
    const isLocked = await lockLogin(exchange, { login }, parts, setup);
    held = isLocked ? await forwardLogin(exchange, target, content, parts, setup) : undefined;
    if (!held) {
      await admitted.settle(UNKNOWN);
      return;
    }
    // Whoever is in already sends such requests, too.
    const rise = await riseOf(exchange, held, { isOwnForm: true });
    await admitted.settle({ ...(rise ? UNKNOWN : countedForm(exchange, { logins: [login] }, held)), response: held });
    if (!rise) return await passForm(exchange, held, parts, setup);
    await refuseUnread(exchange, held, login, parts);
  } catch (error) {
    held?.discard();
    throw error;
  } finally {
    await exchange.hold?.giveUp();
  }
}

interface FoundRise {
  readonly attempt: Attempt;
  readonly hides: Login | undefined;
  readonly rise: Rise | undefined;
}

/**
 * Refuses what has signed somebody in: what has the fields of a login, from another site, such as a
 * link in a mail; and what cannot be read, beside a login that can.
 */
export async function isRiseRefused(
  exchange: Exchange,
  held: HeldResponse,
  { attempt: { login }, hides, rise }: FoundRise,
  parts: PipelineParts,
): Promise<boolean> {
  if (!exchange.hold) return false;
  if (rise && login.isElsewhere && isForeignForm(exchange, login)) {
    await end(exchange, held, 'FORM_FOREIGN', parts);
    return true;
  }
  if (!hides || !(await riseOf(exchange, held, { isOwnForm: true }))) return false;
  await refuseUnread(exchange, held, hides, parts);
  return true;
}

async function refuseUnread(
  exchange: Exchange,
  held: HeldResponse,
  { name }: Login,
  parts: PipelineParts,
): Promise<void> {
  parts.observe.unreadable(exchange, name, 'it has signed somebody in, and cannot be read', false);
  await end(exchange, held, 'LOGIN_UNREADABLE', parts);
}

/** What its browser had is worth nothing any more. */
async function end(
  exchange: Exchange,
  held: HeldResponse,
  code: 'FORM_FOREIGN' | 'LOGIN_UNREADABLE',
  { observe }: PipelineParts,
): Promise<void> {
  held.discard();
  await needingState(async () => exchange.hold?.kill());
  exchange.answer(code);
  observe.answered(exchange, code);
}
