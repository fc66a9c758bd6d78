// One request through the phases without an application: what each rule makes of it, and why.

import { once } from 'node:events';
import http, { type IncomingMessage, ServerResponse } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Address } from './addresses/address.ts';
import { type AnswerCode, Refusal } from './answers/kinds.ts';
import { Exchange } from './exchange.ts';
import { findApplication, judgeTarget } from './phases/find-application.ts';
import { readRequest } from './phases/read-request.ts';
import { applyRules, outcomesOf } from './phases/rules.ts';
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

/**
 * @param bytes the head of a request of HTTP/1.1
 * @throws Refusal `REQUEST_MALFORMED` if node:http does not take it for one
 */
export async function explainRequest(
  bytes: Buffer,
  setup: GatewaySetup,
  { from, isSecure }: ExplainOptions,
): Promise<ExplainedRequest> {
  const message = await parseRequest(bytes);
  const host = message.headers.host?.replace(/:\d+$/, '').toLowerCase() ?? '';
  const profile = isSecure ? (setup.applications.profileOf(host) ?? 'none') : undefined;
  const peer = { address: from, profile, redirects: false };
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

/** By the parser that the gateway uses. */
async function parseRequest(bytes: Buffer): Promise<IncomingMessage> {
  const server = http.createServer({ requireHostHeader: false });
  const [near, far] = duplexPair();
  server.emit('connection', far);
  const parsed = Promise.race([
    once(server, 'request').then(([message]) => message as IncomingMessage),
    once(server, 'checkContinue').then(([message]) => message as IncomingMessage),
    once(server, 'upgrade').then(([message]) => message as IncomingMessage),
    once(server, 'clientError').then(() => undefined),
  ]);
  near.end(bytes);
  const message = await parsed;
  if (!message) throw new Refusal('REQUEST_MALFORMED');
  return message;
}
