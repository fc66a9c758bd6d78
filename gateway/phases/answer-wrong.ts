// The answer to a wrong password, which programs get whose login is held.

import type { Exchange } from '../exchange.ts';
import { headerValues } from '../header-pairs.ts';
import { type Attempt, actsAtOnce } from '../login/attempt.ts';
import { findCandidates } from '../login/find-login.ts';
import { judgeOutcome } from '../login/outcome.ts';
import { readLogin } from '../login/read-login.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { createDecoy } from '../quarantine/decoy.ts';
import type { Content } from '../request/collect-body.ts';
import type { RequestHead } from '../request/head.ts';
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
  const { hold } = exchange;
  const wrong = wrongLogin(exchange, attempt, content);
  if (!hold || !wrong || exchange.response.destroyed) return undefined;
  const headers = hold.jar.withoutSessions(wrong.head.headers);
  exchange.head = { ...wrong.head, headers };
  const held = await forwardLogin(exchange, wrong.head.target, wrong.content, parts, setup);
  if (!held) return undefined;
  const rise = await riseOf(exchange, held);
  if (!rise && judgeOutcome(attempt.logins, exchange, held).outcome === 'failure') return held;
  held.discard();
  return undefined;
}

/** The same with a password that nobody has; undefined where none can be put in its place. */
function wrongLogin(exchange: Exchange, attempt: Attempt, content: Content | undefined) {
  const { head } = exchange;
  if (!head || content?.isWhole === false) return undefined;
  // Anything else could act, with a password that nobody has.
  if (head.method !== 'POST' || actsAtOnce(attempt)) return undefined;
  if (headerValues(head.headers, 'content-encoding').length > 0) return undefined;
  const { target, headers } = head;
  const decoy = createDecoy({ target, headers, body: content?.bytes.toString('latin1') ?? '' }, attempt.passwords);
  if (!decoy) return undefined;
  const bytes = Buffer.from(decoy.body, 'latin1');
  const wrong = {
    head: {
      ...head,
      target: decoy.target,
      query: decoy.target.split(/\?(.*)/s)[1],
      headers: decoy.headers,
      body: head.body === 0 ? 0 : bytes.length,
    },
    content: content && { bytes, isWhole: true },
  };
  return hasOther(exchange, attempt, wrong) ? wrong : undefined;
}

/** Read again as a login, it has a password, and none of those of before. */
function hasOther(
  exchange: Exchange,
  { passwords }: Attempt,
  { head, content }: { readonly head: RequestHead; readonly content: Content | undefined },
): boolean {
  const { head: before } = exchange;
  exchange.head = head;
  const reading = readLogin(exchange, findCandidates(exchange) ?? [], content);
  exchange.head = before;
  return reading.kind === 'attempt' && !reading.attempt.passwords.some((password) => passwords.includes(password));
}
