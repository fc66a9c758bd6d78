// The way of a request, from top to bottom. The phases have one order, which no configuration
// changes; ARCHITECTURE.md follows a request through them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { sendRedirect } from './answers/answer.ts';
import { Refusal } from './answers/kinds.ts';
import { peerOf } from './connection/peer.ts';
import { Exchange } from './exchange.ts';
import { answerQuestion } from './forward-auth/answer-question.ts';
import { findCandidates } from './login/find-login.ts';
import type { Observe } from './observe/observe.ts';
import { mayReach } from './phases/access.ts';
import { isBlocked } from './phases/apply-actions.ts';
import { checkSpare } from './phases/check/check-spare.ts';
import { passVerdict } from './phases/check/pass-verdict.ts';
import { enterHold } from './phases/enter-hold.ts';
import { findApplication, judgeTarget } from './phases/find-application.ts';
import { isSendingOn, sendOn } from './phases/forms/keep-form.ts';
import { forwardRequest } from './phases/forward-request.ts';
import { handleLogin } from './phases/handle-login.ts';
import { answerKeySet, isKeySet } from './phases/key-set.ts';
import { answerOwnHost, answerOwnRoute, isOwnHost, isOwnRoute } from './phases/own-routes.ts';
import { readRequest } from './phases/read-request.ts';
import { AccessWatch } from './phases/watch-access.ts';
import type { PipelineParts } from './pipeline-parts.ts';
import { refuse } from './request/refuse.ts';
import { WHOLE_SERVER } from './request/target.ts';
import type { GatewaySetup } from './setup.ts';

export type Handle = (
  message: IncomingMessage,
  response: ServerResponse,
  upgrade?: { readonly socket: Duplex; readonly head: Buffer },
) => void;

export function createPipeline(parts: PipelineParts): Handle {
  const { observe } = parts;
  const watch = new AccessWatch(parts);
  return (message, response, upgrade) => {
    const exchange = new Exchange(message, response, peerOf(message.socket), upgrade);
    const setup = parts.setup();
    response.on('error', ignore);
    if (exchange.peer.isEnding) {
      // It came in the same packet as a request whose answer ends the connection.
      message.resume();
      return;
    }
    if (setup.isClosing) exchange.endConnection();
    const { asks } = exchange.peer;
    if (asks) {
      void answerQuestion(exchange, asks, parts, setup);
      return;
    }
    try {
      const { maxBufferedBytes } = setup.config.limits;
      if (parts.budget.held > maxBufferedBytes) throw new Refusal('OVERLOADED', { close: true });
      readRequest(exchange, setup);
      if (parts.budget.isTooSlow(exchange.client, maxBufferedBytes)) throw new Refusal('OVERLOADED', { close: true });
      if (exchange.head?.body !== 0) parts.budget.assign(response, exchange.party);
      if (exchange.peer.redirects) {
        redirectToHttps(exchange, setup, observe);
        return;
      }
      if (isKeySet(exchange, setup)) {
        answerKeySet(exchange, parts).catch((error) => fail(exchange, error, parts));
        return;
      }
      if (isOwnHost(exchange, setup)) {
        answerOwnHost(exchange, parts, setup).catch((error) => fail(exchange, error, parts));
        return;
      }
      findApplication(exchange, setup);
      if (isOwnRoute(exchange)) {
        answerOwnRoute(exchange, parts, setup).catch((error) => fail(exchange, error, parts));
        return;
      }
      const target = judgeTarget(exchange);
      if (target === undefined) observe.answered(exchange, 'REDIRECTED');
      else if (!isBanned(exchange, parts)) enter(exchange, target, { parts, setup, watch });
    } catch (error) {
      fail(exchange, error, parts);
    }
  };
}

/** Writing to a client that has left. */
const ignore = (): void => undefined;

interface Entrance {
  readonly parts: PipelineParts;
  readonly setup: GatewaySetup;
  readonly watch: AccessWatch;
}

/** Phase 6, and what follows for whoever may. */
function enter(exchange: Exchange, target: string, { parts, setup, watch }: Entrance): void {
  const goIn = (may: boolean): void => {
    if (!may || exchange.response.destroyed) return;
    if (exchange.access) watch.add(exchange);
    if (!isSendingOn(exchange)) {
      goOn(exchange, target, parts, setup);
      return;
    }
    sendOn(exchange, parts)
      .then((content) => {
        exchange.content = content;
        if (content && !exchange.response.destroyed) goOn(exchange, target, parts, setup);
      })
      .catch((error) => fail(exchange, error, parts));
  };
  const may = mayReach(exchange, setup, parts);
  if (may instanceof Promise) may.then(goIn).catch((error) => fail(exchange, error, parts));
  else goIn(may);
}

/** Phases 7 to 13. Only a login waits for its body. */
function goOn(exchange: Exchange, target: string, parts: PipelineParts, setup: GatewaySetup): void {
  if (exchange.application?.hold)
    enterHold(exchange, parts, setup)
      .then((goesOn) => {
        if (goesOn) forwardOrLogIn(exchange, target, parts, setup);
      })
      .catch((error) => fail(exchange, error, parts));
  else forwardOrLogIn(exchange, target, parts, setup);
}

function forwardOrLogIn(exchange: Exchange, target: string, parts: PipelineParts, setup: GatewaySetup): void {
  const candidates = findCandidates(exchange) ?? [];
  const described = candidates.filter(({ login }) => !login.isSpare);
  const spare = candidates.filter(({ login }) => login.isSpare);
  const logIn = () =>
    handleLogin(exchange, target, described, parts, setup).catch((error) => fail(exchange, error, parts));
  if (described.length === 0 && isBlocked(exchange, parts)) return;
  const goOn = () => (described.length > 0 ? logIn() : forwardWithVerdict(exchange, target, parts, setup));
  if (spare.length === 0) {
    void goOn();
    return;
  }
  checkSpare(exchange, spare, parts, setup)
    .then((goesOn) => {
      if (goesOn && !exchange.response.destroyed) void goOn();
    })
    .catch((error) => fail(exchange, error, parts));
}

function fail(exchange: Exchange, error: unknown, { observe }: PipelineParts): void {
  if (!(error instanceof Refusal)) observe.failed(exchange, error);
  exchange.giveBack?.();
  observe.answered(exchange, exchange.refuse(error));
}

/** Phase 10, and those of every other request. */
function forwardWithVerdict(exchange: Exchange, target: string, parts: PipelineParts, setup: GatewaySetup): void {
  const waiting = passVerdict(exchange, parts);
  if (!waiting) {
    forwardRequest(exchange, target, parts, setup, { content: exchange.content });
    return;
  }
  waiting
    .then(() => {
      if (!exchange.response.destroyed) forwardRequest(exchange, target, parts, setup, { content: exchange.content });
    })
    .catch((error) => fail(exchange, error, parts));
}

/** Phase 5. @returns whether a limit that acts on more than logins ended the request */
function isBanned(exchange: Exchange, { limits, observe }: PipelineParts): boolean {
  const ban = limits?.bannedBy(exchange);
  if (!ban) return false;
  exchange.answer(ban.code, ban.answer);
  observe.answered(exchange, ban.code, ban);
  return true;
}

/** To a host of the configuration, whatever the client wrote. */
function redirectToHttps(exchange: Exchange, { applications }: GatewaySetup, observe: Observe): void {
  const { head, response } = exchange;
  if (!head) return;
  applications.find(head);
  // It would stand in the place of the path, right behind the host.
  if (head.target === WHOLE_SERVER) throw refuse('TARGET_FORM');
  sendRedirect(response, 308, `https://${head.host}${head.target}`);
  observe.answered(exchange, 'REDIRECTED');
}
