// The answer to a wrong password, for programs whose login is held.

import type { Exchange } from '../exchange.ts';
import { headerValues, pairsOf } from '../header-pairs.ts';
import { type Attempt, actsAtOnce } from '../login/attempt.ts';
import { judgeOutcome } from '../login/outcome.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { createDecoy } from '../quarantine/decoy.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { forwardLogin } from './forward-request.ts';
import { riseOf } from './hold-rise.ts';

/**
 * For a program there is no page: it gets the application's own answer to a wrong password, without
 * any session.
 * @returns undefined if the application does not answer so
 */
export async function answerToWrong(
  exchange: Exchange,
  attempt: Attempt,
  content: Content | undefined,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<HeldResponse | undefined> {
  const { head, hold } = exchange;
  if (!head || !hold || content?.isWhole === false || exchange.response.destroyed) return undefined;
  // Anything else could act, with a password that nobody has.
  if (head.method !== 'POST' || actsAtOnce(attempt)) return undefined;
  if (headerValues(head.headers, 'content-encoding').length > 0) return undefined;
  const [authorization] = headerValues(head.headers, 'authorization');
  const type = headerValues(head.headers, 'content-type').join().toLowerCase();
  const body = content?.bytes.toString('latin1') ?? '';
  const decoy = createDecoy({ target: head.target, authorization, type, body }, attempt.passwords);
  if (!decoy) return undefined;
  const bytes = Buffer.from(decoy.body, 'latin1');
  const headers = pairsOf(head.headers).flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (lower === 'authorization') return [name, decoy.authorization ?? value];
    return lower === 'cookie' ? hold.jar.withoutSessions(name, value) : [name, value];
  });
  exchange.head = { ...head, target: decoy.target, headers, body: head.body === 0 ? 0 : bytes.length };
  const wrong = content && { bytes, isWhole: true };
  const held = await forwardLogin(exchange, decoy.target, wrong, parts, setup);
  if (!held) return undefined;
  const rise = await riseOf(exchange, held);
  if (!rise && judgeOutcome(attempt.logins, exchange, held).outcome === 'failure') return held;
  held.discard();
  return undefined;
}
