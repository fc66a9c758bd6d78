// One request through the phases without an application: what each rule makes of it, and why.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Address } from './addresses/address.ts';
import { type AnswerCode, Refusal } from './answers/kinds.ts';
import type { GatewayLimits } from './config/schema.ts';
import { createHttpServers, type HttpServers } from './connection/http-servers.ts';
import { type Peer, setPeer } from './connection/peer.ts';
import { Exchange } from './exchange.ts';
import { findApplication, judgeTarget } from './phases/find-application.ts';
import { readRequest } from './phases/read-request.ts';
import { applyRules, outcomesOf } from './phases/rules/rules.ts';
import type { Explanation } from './rules/explain.ts';
import type { GatewaySetup } from './setup.ts';

export interface ExplainOptions {
  /** Who sends it. */
  readonly from: Address;
  /** Whether it comes under TLS. */
  readonly isSecure: boolean;
}

export interface ExplainedRule {
  readonly name: string;
  readonly action: string;
  /** Undefined: it depends on what is unknown. */
  readonly outcome: boolean | undefined;
  /** Whether the rules before it let the request come so far. */
  readonly isReached: boolean;
  /** The reading of the path that decides, and what the parts of the rule are for it. */
  readonly reading: string;
  readonly parts: Explanation;
}

export interface ExplainedRequest {
  /** Undefined if the request was refused before it was found. */
  readonly app: string | undefined;
  /** The paths that servers may read, the path as it came first. */
  readonly readings: readonly string[];
  readonly rules: readonly ExplainedRule[];
  /** What becomes of it. */
  readonly end:
    | { readonly forwarded: string }
    | { readonly redirected: true }
    | { readonly refused: AnswerCode }
    | { readonly blockedBy: string; readonly status: number };
}

/** @param bytes the head of a request of HTTP/1.1 */
export async function explainRequest(
  bytes: Buffer,
  setup: GatewaySetup,
  { from, isSecure }: ExplainOptions,
): Promise<ExplainedRequest> {
  const plain: Peer = { address: from, profile: undefined, redirects: false };
  let message: IncomingMessage;
  try {
    message = await parseRequest(bytes, setup.config.limits, plain);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { app: undefined, readings: [], rules: [], end: { refused: error.code } };
  }
  const host = message.headers.host?.replace(/:\d+$/, '').toLowerCase() ?? '';
  const profile = isSecure ? (setup.applications.profileOf(host) ?? 'none') : undefined;
  const peer = { ...plain, profile };
  const exchange = new Exchange(message, new ServerResponse(message), peer);
  try {
    readRequest(exchange, setup);
    exchange.isSecure = isSecure;
    if (profile === 'none') exchange.found = setup.applications.find(exchange.head as NonNullable<Exchange['head']>);
    else findApplication(exchange, setup);
    const target = judgeTarget(exchange);
    return { ...placeOf(exchange), ...explainRules(exchange, target) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...placeOf(exchange), rules: [], end: { refused: error.code } };
  }
}

const placeOf = ({ application, found }: Exchange) => ({ app: application?.name, readings: found?.readings ?? [] });

function explainRules(exchange: Exchange, target: string | undefined): Pick<ExplainedRequest, 'rules' | 'end'> {
  const set = exchange.application?.rules;
  const rules = set?.rules ?? [];
  let reached = -1;
  let last: string | undefined;
  const blocking =
    set &&
    applyRules(set, exchange, ({ name, action }) => {
      last = name;
      if (action.kind === 'block' || action.kind === 'skip') reached = rules.findIndex((rule) => rule.name === name);
    });
  const isEnded = blocking !== undefined || (reached >= 0 && rules[reached]?.action.kind === 'skip');
  const explained = outcomesOf(rules, exchange).map(({ rule, outcome, reading, parts }, i) => ({
    name: rule.name,
    action: rule.action.kind,
    outcome,
    isReached: !isEnded || i <= reached,
    reading,
    parts,
  }));
  if (blocking) return { rules: explained, end: { blockedBy: last ?? '', status: blocking.block.status } };
  return { rules: explained, end: target === undefined ? { redirected: true } : { forwarded: target } };
}

/** By the servers that the gateway has. @throws Refusal for what reaches no phase of it */
async function parseRequest(bytes: Buffer, limits: GatewayLimits, peer: Peer): Promise<IncomingMessage> {
  const [near, far] = duplexPair();
  // What the parser reads of a socket, a pair has as well.
  const socket = far as unknown as Socket;
  setPeer(socket, peer);
  let servers: HttpServers | undefined;
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      servers = createHttpServers(limits, {
        onRequest: resolve,
        onUpgrade: resolve,
        onMalformed: (code) => reject(new Refusal(code)),
        originsOf: () => [],
      });
      servers.acceptHttp1(socket);
      // Bytes that end before the head does.
      near.once('close', () => reject(new Refusal('REQUEST_MALFORMED')));
      near.on('error', () => undefined).resume();
      near.end(bytes);
    });
  } finally {
    servers?.close();
    near.destroy();
  }
}
