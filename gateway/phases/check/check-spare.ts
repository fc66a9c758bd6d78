// A name and a password in a header, at a page of an application whose logins can be held back,
// where no login of the configuration reads them: the application may sign somebody in by them.
//
// What becomes of it nobody has described, so that no limit counts it: many sites have one such
// credential for everybody in front of their own login, and browsers send it with each request.

import type { Exchange } from '../../exchange.ts';
import { UNKNOWN } from '../../login/attempt.ts';
import type { Candidate } from '../../login/find-login.ts';
import { readLogin } from '../../login/read-login.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import type { GatewaySetup } from '../../setup.ts';
import { checkFirst } from './check-first.ts';
import { checksFor } from './known-names.ts';

/** @returns whether the request goes on; else it has its answer */
export async function checkSpare(
  exchange: Exchange,
  spare: readonly Candidate[],
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<boolean> {
  const { application } = exchange;
  const policy = application?.config.login;
  const reading = readLogin(exchange, spare, undefined);
  if (!policy || reading.kind === 'none') return true;
  if (reading.kind === 'refused') {
    const { passesUnreadable } = application.logins;
    parts.observe.unreadable(exchange, reading.login.name, reading.why, passesUnreadable);
    if (!passesUnreadable) answer(exchange, { code: reading.code }, parts);
    return passesUnreadable;
  }
  const { attempt } = reading;
  const checks = checksFor(exchange, parts, setup);
  const sent = { application: application.name, party: exchange.party, attempt, checks };
  const found = await parts.known.spares.check(sent, async () => {
    const taken = await checkFirst(exchange, { attempt, policy, checks }, parts);
    const { verdict } = exchange;
    // A form beside it has its own.
    exchange.verdict = undefined;
    if (taken?.kind === 'refuse') return taken;
    parts.observe.login(exchange, attempt, { ...UNKNOWN, ...(verdict && { verdict }) });
    return verdict && verdict.status !== 'unknown' ? undefined : 'unknown';
  });
  if (found === undefined || found === 'unknown') return true;
  answer(exchange, found, parts);
  return false;
}

type Answered = { readonly code: Parameters<Exchange['answer']>[0]; readonly retryAfterS?: number | undefined };

function answer(exchange: Exchange, { code, retryAfterS }: Answered, { observe }: PipelineParts): void {
  exchange.answer(code, { retryAfterS });
  observe.answered(exchange, code);
}
