// The body of a login, as far as it is read before it is sent to the application.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { readContentType } from '../login/body/content-type.ts';
import { MAX_BODY_BYTES } from '../login/body/read-body.ts';
import type { Candidate } from '../login/find-login.ts';
import { headerOf } from '../login/login-fields.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { type Content, collectBody } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';

/** Nothing of a body that is looked through on its way alone. */
export const UNREAD: Content = { bytes: Buffer.alloc(0), isWhole: false };

export const readsBody = ({ head }: Exchange, candidates: readonly Candidate[]): boolean =>
  head?.body !== 0 && candidates.some((candidate) => candidate.readsBody);

/**
 * A login that says itself that it is too large is refused before it is sent.
 * @throws Refusal `OVERLOADED` without room for its body
 */
export async function readContent(
  exchange: Exchange,
  candidates: readonly Candidate[],
  { budget, bodyRates }: PipelineParts,
  { config: { limits } }: GatewaySetup,
): Promise<Content | 'gone'> {
  const { head, message, response, application } = exchange;
  const length = typeof head?.body === 'number' ? head.body : MAX_BODY_BYTES;
  const isStrict = candidates.some((candidate) => candidate.isStrict && candidate.readsBody);
  if (length > MAX_BODY_BYTES && isStrict && !application?.logins.passesUnreadable) return UNREAD;
  // Whoever speaks a protocol may wait for the answer to the first of many pieces. What is
  // compressed may be short, and is read then.
  const isOfOther = readContentType(headerOf(exchange, 'content-type')).kind === 'other';
  const isStream = head?.body === 'chunked' && headerOf(exchange, 'content-encoding') === undefined;
  if (isOfOther && !isStrict && (isStream || length > MAX_BODY_BYTES)) return UNREAD;
  const isKept = budget.reserveLogin(response, length, limits.maxBufferedBytes);
  if (!isKept) throw new Refusal('OVERLOADED', { close: true });
  bodyRates.watch(message);
  if (head?.expectsContinue) response.writeContinue();
  return (await collectBody(message, response, MAX_BODY_BYTES)) ?? 'gone';
}
