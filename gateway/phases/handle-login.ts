// Phase 7 and what follows it for a login: its body read, judged by rules, sent to the application,
// and the response held until it is known what became of it.

import type { Exchange } from '../exchange.ts';
import type { Attempt } from '../login/attempt.ts';
import { MAX_BODY_BYTES } from '../login/body/read-body.ts';
import type { Candidate } from '../login/find-login.ts';
import { type LoginReading, readLogin } from '../login/read-login.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { type Content, collectBody } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import { isBlocked } from './apply-actions.ts';
import { forwardLogin, forwardRequest } from './forward-request.ts';
import { passVerdict } from './pass-verdict.ts';

export async function handleLogin(
  exchange: Exchange,
  target: string,
  candidates: readonly Candidate[],
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const content = readsBody(exchange, candidates) ? await readContent(exchange, candidates, parts) : undefined;
  if (content === 'gone') {
    parts.observe.forwarded(exchange, { failure: 'CLIENT_GONE' });
    return;
  }
  const reading = readLogin(exchange, candidates, content);
  if (isRefused(exchange, reading, parts)) return;
  exchange.attempt = attemptOf(reading);
  if (isBlocked(exchange, parts)) return;
  if (!exchange.attempt) {
    await passVerdict(exchange, parts);
    if (!exchange.response.destroyed) forwardRequest(exchange, target, parts, setup, content);
    return;
  }
  const held = await forwardLogin(exchange, target, content, parts, setup);
  held?.release([]);
}

const readsBody = ({ head }: Exchange, candidates: readonly Candidate[]): boolean =>
  head?.body !== 0 && candidates.some((candidate) => candidate.readsBody);

/** A login that says itself that it is too large is refused before it is sent. */
async function readContent(
  exchange: Exchange,
  candidates: readonly Candidate[],
  { budget, bodyRates }: PipelineParts,
): Promise<Content | 'gone'> {
  const { head, message, response, application } = exchange;
  const length = typeof head?.body === 'number' ? head.body : MAX_BODY_BYTES;
  const isStrict = candidates.some((candidate) => candidate.isStrict && candidate.readsBody);
  if (length > MAX_BODY_BYTES && isStrict && !application?.logins.passesUnreadable)
    return { bytes: Buffer.alloc(0), isWhole: false };
  budget.hold(response, Math.min(length, MAX_BODY_BYTES));
  bodyRates.watch(message);
  if (head?.expectsContinue) response.writeContinue();
  return (await collectBody(message, response, MAX_BODY_BYTES)) ?? 'gone';
}

/** @returns whether the client has its answer */
function isRefused(exchange: Exchange, reading: LoginReading, { observe }: PipelineParts): boolean {
  if (reading.kind !== 'refused') return false;
  const { code, login, why } = reading;
  const isPassed = exchange.application?.logins.passesUnreadable === true;
  observe.unreadable(exchange, login.name, why, isPassed);
  if (isPassed) return false;
  exchange.answer(code);
  observe.answered(exchange, code);
  return true;
}

const attemptOf = (reading: LoginReading): Attempt | undefined =>
  reading.kind === 'none' ? undefined : reading.attempt;
