// Phases 11 to 13: to the application, back to the client, and what is told of it.

import { formatAddress } from '../addresses/address.ts';
import { type AnswerCode, Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { pairsOf } from '../header-pairs.ts';
import { needingState } from '../identity/routes/route.ts';
import type { Login } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { HoldExchange } from '../quarantine/hold-exchange.ts';
import type { Content } from '../request/collect-body.ts';
import type { RequestHead } from '../request/head.ts';
import { lettersOf } from '../request/reserved-names.ts';
import { NO_SET_NAMES, type SetNames } from '../request/set-names.ts';
import { WHOLE_SERVER } from '../request/target.ts';
import type { GatewaySetup } from '../setup.ts';
import { type CarefulForwarding, forwardCarefully } from '../upstream/careful.ts';
import { forward } from '../upstream/forward.ts';
import { type Forwarding, isLateRefusal, type Outcome } from '../upstream/forwarding.ts';
import { forwardHeld, type HeldResponse, hold, type Send } from '../upstream/held-response.ts';
import type { Origin } from '../upstream/origin.ts';
import { answerHeld, releaseSealed } from './enter-hold.ts';
import { guardOf } from './guard-session.ts';
import { noticePasswordChange } from './notice-password-change.ts';
import { type BodyScreen, refuseLate } from './screen-body.ts';

/**
 * @param content the body or the beginning of it, where that was read before
 * @param screen of the rest of it
 */
export function forwardRequest(
  exchange: Exchange,
  target: string,
  parts: PipelineParts,
  setup: GatewaySetup,
  { content, screen }: { readonly content?: Content | undefined; readonly screen?: BodyScreen | undefined } = {},
): void {
  const { head, application } = exchange;
  if (!head || !application) return;
  const done = doneOf(exchange, parts);
  const guard = guardOf(exchange, parts);
  const { hold: ofHold } = exchange;
  const mayJoin = ofHold ? (headers: readonly string[]) => !ofHold.jar.isSetBy(headers) : guard?.mayJoin;
  const send = senderOf(exchange, head, { target, content, mayJoin });
  const start = () => forwardingOf(exchange, head, { target, content, screen, parts, setup });
  // Nothing leaves before it is known whether it may, a 1xx neither.
  if (ofHold) {
    const sendSealed = () =>
      hold({ ...start(), isWaitedFor: ofHold.id !== undefined, budget: parts.budget }, done, send, 0);
    void passSealed(exchange, ofHold, sendSealed, parts, setup);
    return;
  }
  const forwarding = start();
  if (guard) void guard.decide(hold({ ...forwarding, budget: parts.budget }, done, send, guard.holds));
  else send(forwarding, done);
}

async function passSealed(
  exchange: Exchange,
  ofHold: HoldExchange,
  send: () => Promise<HeldResponse | undefined>,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  let held: HeldResponse | undefined;
  try {
    // Nothing is awaited between the last look and the moment at which a login waits for it.
    while (ofHold.isMarked) if (!(await mayBeSent(exchange, ofHold, parts, setup))) return;
    held = await ofHold.sent(send());
    if (!held) return;
    if (await guardOf(exchange, parts)?.refuses(held)) return;
    await releaseSealed(exchange, held, parts, setup);
  } catch (error) {
    held?.discard();
    if (!held) exchange.giveBack?.();
    if (!(error instanceof Refusal)) parts.observe.failed(exchange, error);
    parts.observe.answered(exchange, exchange.refuse(error));
  }
}

/** A login of its browser has begun while it waited. @returns false if it has its answer */
async function mayBeSent(
  exchange: Exchange,
  ofHold: HoldExchange,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<boolean> {
  const state = await needingState(() => ofHold.mayLeave());
  if (exchange.response.destroyed) {
    parts.observe.forwarded(exchange, { failure: 'CLIENT_GONE' });
    return false;
  }
  if (state === 'free') return true;
  exchange.giveBack?.();
  await needingState(() => answerHeld(exchange, state, ofHold.id ?? '', parts, setup));
  return false;
}

interface Sending extends Pick<CarefulForwarding, 'mayJoin'> {
  readonly target: string;
  readonly content: Content | undefined;
}

/** One of both ways to the application. */
function senderOf({ application, upgrade }: Exchange, head: RequestHead, sending: Sending): Send {
  const { target, content, mayJoin } = sending;
  const origin = application?.origin as Origin;
  // Who read the body has told the client to send it.
  const expectsContinue = head.expectsContinue && content === undefined;
  const isCareful = upgrade || expectsContinue || head.hasTrailers || target === WHOLE_SERVER;
  if (!isCareful) return (...sent) => forward(origin, ...sent);
  const careful = { expectsContinue, ...(upgrade && { upgrade }), ...(mayJoin && { mayJoin }) };
  return (sent, ...rest) => forwardCarefully(origin, { ...sent, ...careful }, ...rest);
}

/**
 * Sends a login to the application, and holds its response; a 101 too.
 * @param done what is told of it, and answered where no response came
 * @returns undefined if no response came: the client has its answer, or had left before
 */
export function forwardLogin(
  exchange: Exchange,
  target: string,
  content: Content | undefined,
  parts: PipelineParts,
  setup: GatewaySetup,
  done = doneOf(exchange, parts),
): Promise<HeldResponse | undefined> {
  const { head, application, response } = exchange;
  if (!head || !application || response.destroyed) return Promise.resolve(undefined);
  const forwarding = forwardingOf(exchange, head, { target, content, parts, setup });
  // Else whoever leaves would end the sessions of its browser: nobody knew what came of the login.
  const ofLock = exchange.hold?.id !== undefined && { isWaitedFor: true, isJudged: true };
  const send = (headers: string[], readsBody: boolean) =>
    forwardHeld(application.origin, { ...forwarding, ...ofLock, headers, budget: parts.budget }, done, {
      readsBody,
      send: senderOf(exchange, head, { target, content }),
    });
  // A report may come as late as the end of the response, and what is held is kept whole.
  if (!setup.outcomeToken && !exchange.hold && !exchange.attempt?.logins.some(readsResponseBody))
    return send(forwarding.headers, false);
  // What has a coding cannot be judged.
  const headers = pairsOf(forwarding.headers).filter(([name]) => name.toLowerCase() !== 'accept-encoding');
  return send([...headers.flat(), 'Accept-Encoding', 'identity'], true);
}

const readsResponseBody = ({ outcome: { success, failure } }: Login): boolean =>
  success.fields.has('credveil.response.body') || failure.fields.has('credveil.response.body');

interface Way {
  readonly target: string;
  readonly content: Content | undefined;
  readonly screen?: BodyScreen | undefined;
  readonly parts: PipelineParts;
  readonly setup: GatewaySetup;
}

function forwardingOf(exchange: Exchange, head: RequestHead, way: Way): Forwarding {
  const { target, content, screen, parts, setup } = way;
  const { message, response } = exchange;
  const { stalledTimeoutMs } = setup.config.limits;
  const { budget } = parts;
  const isUpload = head.body !== 0 && !content?.isWhole;
  return {
    message,
    response,
    method: head.method,
    target,
    headers: headersFor(exchange),
    setNames: exchange.application?.setNames ?? NO_SET_NAMES,
    body: head.body,
    content,
    screen,
    party: isUpload ? exchange.party : '',
    stop: isUpload ? beginUpload(exchange, head, way) : undefined,
    onSlowClient: (resume: () => void) =>
      budget.wait(response, { stalledMs: stalledTimeoutMs, client: exchange.client }, resume),
  };
}

/**
 * @returns a signal that the body may go no further
 * @throws Refusal `OVERLOADED` without room for it
 */
function beginUpload(exchange: Exchange, { body }: RequestHead, { screen, parts, setup }: Way): AbortSignal {
  const { message, response } = exchange;
  const { budget, bodyRates } = parts;
  const isKept = budget.reserve(response, body, setup.config.limits.maxBufferedBytes);
  if (!isKept) throw new Refusal('OVERLOADED', { close: true });
  const stop = new AbortController();
  bodyRates.watch(message, () => stop.abort('CLIENT_SLOW'));
  screen?.watch((code) => stop.abort(code));
  return stop.signal;
}

/** The client gets an answer wherever it has none yet. */
const ANSWERS: ReadonlySet<string> = new Set(['UPSTREAM_FAILED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_BUSY']);

/** What is told of a response, and answered where none came. */
export const doneOf =
  (exchange: Exchange, parts: PipelineParts) =>
  (outcome: Outcome): void => {
    const { observe } = parts;
    if ('status' in outcome)
      noticePasswordChange(exchange, outcome.status, parts).catch((error) => observe.failed(exchange, error));
    if ('failure' in outcome) exchange.giveBack?.();
    if ('failure' in outcome && outcome.failure === 'CLIENT_SLOW') {
      exchange.answer('REQUEST_TIMEOUT', { close: true });
      observe.answered(exchange, 'REQUEST_TIMEOUT');
      return;
    }
    if ('failure' in outcome && isLateRefusal(outcome.failure)) {
      void refuseLate(exchange, outcome.failure, parts);
      return;
    }
    if ('failure' in outcome && ANSWERS.has(outcome.failure)) exchange.answer(outcome.failure as AnswerCode);
    observe.forwarded(exchange, outcome);
  };

/** What the application gets: the client's headers, and those that only the gateway may send. */
function headersFor(exchange: Exchange): string[] {
  const { head, application, client, added, toOrigin } = exchange;
  if (!head || !application || !client) return [];
  const { config, origin } = application;
  const headers = ['Host', config.upstream.host === 'origin' ? origin.host : head.authority, ...head.headers];
  const { setNames } = application;
  if (!setNames.isEmpty) setHeaders(headers, setNames, added);
  if (typeof head.body === 'number' && head.body > 0) headers.push('Content-Length', String(head.body));
  if (config.keep.length > 0) headers.push(...kept(head.reserved, application.kept));
  headers.push(...forwardedHeaders(exchange, head), ...toOrigin);
  return headers;
}

/**
 * What a request of the gateway's own has in common with those of this client: an application may
 * have bound its sessions to any of it. Nothing there is the client's choice.
 */
export function ownHeadersFor(exchange: Exchange): string[] {
  const { head, application } = exchange;
  if (!head || !application) return [];
  const names = application.setNames;
  const set = names.isEmpty ? [] : [...exchange.added].flat();
  const toOrigin = pairsOf(exchange.toOrigin).filter(([name]) => !OF_LOGIN.has(name.toLowerCase()));
  const host = application.config.upstream.host === 'origin' ? application.origin.host : head.authority;
  return ['Host', host, ...set, ...forwardedHeaders(exchange, head), ...toOrigin.flat()];
}

/** What the application gets with a login alone. */
const OF_LOGIN: ReadonlySet<string> = new Set(['exposed-credential-check', 'credveil-attempt']);

function forwardedHeaders({ client, isSecure }: Exchange, head: RequestHead): string[] {
  const address = client ? formatAddress(client) : '';
  return [
    ...['X-Forwarded-For', address, 'X-Forwarded-Proto', isSecure ? 'https' : 'http'],
    ...['X-Forwarded-Host', head.authority, 'X-Real-IP', address],
  ];
}

function setHeaders(headers: string[], setNames: SetNames, added: ReadonlyMap<string, string>): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i] as string, headers[i + 1] as string];
    if (setNames.has(name, value)) continue;
    headers[kept++] = name;
    headers[kept++] = value;
  }
  headers.length = kept;
  for (const pair of added) headers.push(...pair);
}

/** The reserved headers that the configuration lets through to this application. */
const kept = (reserved: readonly string[], names: ReadonlySet<string>): string[] =>
  pairsOf(reserved)
    .filter(([name]) => names.has(lettersOf(name)))
    .flat();
