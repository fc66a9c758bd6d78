// What may be a login by its fields at a place that nothing describes, and could not be read: such
// as nearly JSON, XML, or more names and passwords than a check takes. It goes on, and is refused
// if it has signed somebody in: nobody knows whose login that was, or with which password.

import type { Exchange } from '../exchange.ts';
import { needingState } from '../identity/routes/route.ts';
import type { AttemptFacts } from '../limits/limits.ts';
import { type Login, UNKNOWN } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { passForm } from './enter-hold.ts';
import { forwardLogin } from './forward-request.ts';
import { lockLogin } from './hold-login.ts';
import { countedForm, riseOf } from './hold-rise.ts';
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
  const { observe } = parts;
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
    held.discard();
    await needingState(async () => exchange.hold?.kill());
    observe.unreadable(exchange, login.name, 'it has signed somebody in, and cannot be read', false);
    exchange.answer('LOGIN_UNREADABLE');
    observe.answered(exchange, 'LOGIN_UNREADABLE');
  } catch (error) {
    held?.discard();
    throw error;
  } finally {
    await exchange.hold?.giveUp();
  }
}
