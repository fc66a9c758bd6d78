// The answer to a wrong password: what programs get whose login is held, and what shows that a
// login has failed.

import type { Exchange } from '../exchange.ts';
import { headerValues, pairsOf } from '../header-pairs.ts';
import { type Attempt, actsAtOnce } from '../login/attempt.ts';
import { judgeOutcome } from '../login/outcome.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { createDecoy } from '../quarantine/decoy.ts';
import { maskRandom } from '../quarantine/whoami.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { Outcome } from '../upstream/forwarding.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { doneOf, forwardLogin } from './forward-request.ts';
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

/**
 * The answer to a wrong password, if it looks the same: only then has a login with a finding opened
 * nothing that the page of whoami does not show, such as a ticket for somewhere else. It is what
 * leaves: what looks alike may still have something that only a right password gets.
 * @returns undefined if it is another one
 */
export async function sameAsWrong(
  exchange: Exchange,
  attempt: Attempt,
  { held, content }: { readonly held: HeldResponse; readonly content: Content | undefined },
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<HeldResponse | undefined> {
  const wrong = wrongLogin(exchange, attempt, content);
  if (!wrong || !held.isWhole) return undefined;
  const { head } = exchange;
  const tell = doneOf(exchange, parts);
  const decoys: HeldResponse[] = [];
  let leaving: HeldResponse | undefined;
  for (let i = 0; i < DECOYS && !leaving; i++) {
    exchange.head = wrong.head;
    let own: HeldResponse | undefined;
    const done = (outcome: Outcome): void => (own && leaving === own ? tell(outcome) : undefined);
    own = await forwardLogin(exchange, wrong.head.target, wrong.content, parts, setup, done);
    exchange.head = head;
    if (!own?.isWhole) {
      own?.discard();
      break;
    }
    decoys.push(own);
    if (looksAs(held, decoys)) leaving = own;
  }
  for (const decoy of decoys) if (decoy !== leaving) decoy.discard();
  return leaving;
}

/** The same with a password that nobody has; undefined where none can be put in its place. */
function wrongLogin({ head }: Exchange, attempt: Attempt, content: Content | undefined) {
  if (!head || content?.isWhole === false) return undefined;
  // Anything else could act, with a password that nobody has.
  if (head.method !== 'POST' || actsAtOnce(attempt)) return undefined;
  if (headerValues(head.headers, 'content-encoding').length > 0) return undefined;
  const [authorization] = headerValues(head.headers, 'authorization');
  const type = headerValues(head.headers, 'content-type').join().toLowerCase();
  const body = content?.bytes.toString('latin1') ?? '';
  const decoy = createDecoy({ target: head.target, authorization, type, body }, attempt.passwords);
  if (!decoy) return undefined;
  const bytes = Buffer.from(decoy.body, 'latin1');
  const headers = pairsOf(head.headers).flatMap(([name, value]) =>
    name.toLowerCase() === 'authorization' ? [name, decoy.authorization ?? value] : [name, value],
  );
  return {
    head: { ...head, target: decoy.target, headers, body: head.body === 0 ? 0 : bytes.length },
    content: content && { bytes, isWhole: true },
  };
}

/** Headers that an application may write for one answer and not for another. */
const OF_MOMENT: ReadonlySet<string> = new Set(['age', 'content-length', 'date', 'etag', 'keep-alive', 'connection']);

/** A page may count attempts, or have the time: that differs between wrong passwords too. */
const DECOYS = 2;

/** Whether an answer differs from those to wrong passwords only where these differ themselves. */
function looksAs(held: HeldResponse, [first, second]: readonly HeldResponse[]): boolean {
  if (!first) return false;
  const [own, one, two] = [held, first, second ?? first].map(wordsOf);
  if (!own || !one || !two || own.length !== one.length || one.length !== two.length) return false;
  return own.every((word, i) => word === one[i] || one[i] !== two[i]);
}

/** Of all that it has but random values: status and names of headers, and each word. */
function wordsOf({ status, headers, body }: HeldResponse): readonly string[] {
  const names = pairsOf(headers).map(([name, value]) => {
    const lower = name.toLowerCase();
    return lower === 'set-cookie' ? `${lower} ${value.split('=', 1)[0]}` : lower;
  });
  const told = names.filter((name) => !OF_MOMENT.has(name)).sort();
  const [location = ''] = headerValues(headers, 'location');
  const text = maskRandom(`${location}\n${body?.toString('latin1') ?? ''}`);
  return [JSON.stringify([status, told]), ...text.split(/([\s<>"',;:=&/?.()]+)/)];
}
