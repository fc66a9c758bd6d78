// One request on its way through the phases, and what is known of it so far.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Address } from './addresses/address.ts';
import { partyOf } from './addresses/party.ts';
import { type AnswerOptions, sendAnswer } from './answers/answer.ts';
import { type AnswerCode, Refusal } from './answers/kinds.ts';
import type { Application, Found } from './applications.ts';
import type { LeakVerdict } from './checks/verdict.ts';
import type { Peer } from './connection/peer.ts';
import type { CertificateFact } from './devices/devices.ts';
import { isHttp2, streamOf } from './http-version.ts';
import type { AccessDecision } from './identity/policies/policies.ts';
import type { PersonSession } from './identity/sessions/session.ts';
import type { Attempt } from './login/attempt.ts';
import type { HoldExchange } from './quarantine/hold-exchange.ts';
import type { Captured } from './record/decision.ts';
import type { Content } from './request/collect-body.ts';
import type { RequestHead } from './request/head.ts';

const ID_BYTES = 9;

export class Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: Peer;
  /** Of a request for WebSocket: the client's socket, and what it sent after the head. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined;
  readonly startedAt = performance.now();
  #id: string | undefined;
  #now: number | undefined;
  #party: string | undefined;

  // Set by the phases, in this order.
  head: RequestHead | undefined;
  client: Address | undefined;
  isSecure = false;
  found: Found | undefined;
  /** That its connection has shown, and that counts now. */
  certificate: CertificateFact;
  /** Where the application has policies. */
  access: AccessDecision | undefined;
  /** The name of the valid service token that it has. */
  serviceToken: string | undefined;
  /** The body that the application gets, where it was read. */
  content: Content | undefined;
  /** Of the person whose request it is, where the application asks for one. */
  session: PersonSession | undefined;
  /** Where logins can be held back: the sessions of its browser. */
  hold: HoldExchange | undefined;
  /** If it is a login. */
  attempt: Attempt | undefined;
  /** What rules add for the application, by name. */
  readonly added = new Map<string, string>();
  /** What the gateway itself tells the application, names and values in turn. */
  readonly toOrigin: string[] = [];
  /** Keeps a verdict for the next request, if the application does not get it with this one. */
  giveBack: (() => void) | undefined;
  /** Of a login that is checked before it is forwarded. */
  verdict: LeakVerdict | undefined;

  /** What was decided, and by what: for those requests alone on which something acted. */
  decision: Captured | undefined;

  constructor(message: IncomingMessage, response: ServerResponse, peer: Peer, upgrade?: Exchange['upgrade']) {
    this.message = message;
    this.response = response;
    this.peer = peer;
    this.upgrade = upgrade;
  }

  /** Named in answers and events alike. Random, since it means nothing. */
  get id(): string {
    // A command takes it for an option otherwise.
    this.#id ??= randomBytes(ID_BYTES).toString('base64url').replace(/^-/, 'A');
    return this.#id;
  }

  /** In milliseconds since 1970, the same whenever it is asked. */
  get now(): number {
    this.#now ??= Date.now();
    return this.#now;
  }

  /** Who sends it, as far as limits are concerned; empty as long as its address is not known. */
  get party(): string {
    if (!this.client) return '';
    this.#party ??= partyOf(this.client);
    return this.#party;
  }

  get application(): Application | undefined {
    return this.found?.application;
  }

  /** What names of users are of: of several hosts where people log in, each has its own. */
  get realm(): string {
    const { application, head } = this;
    return (head && application?.hold?.realmAt(head.host)) ?? application?.name ?? '';
  }

  /** Ends the request here. Nothing of it reaches the application. */
  answer(code: AnswerCode, { close, ...options }: Partial<AnswerOptions> = {}): void {
    const { message, response } = this;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // An unread body would be taken for the next request.
    const hasBody = this.head ? this.head.body !== 0 && !message.readableEnded : !message.complete;
    const isClosing = close === true || hasBody || this.upgrade !== undefined;
    const headers = [...challengeOf(code), ...(options.headers ?? [])];
    sendAnswer(message, response, code, { ...options, headers, id: this.id, close: isClosing });
    if (isClosing) {
      this.endConnection();
      this.#closeAfterAnswer();
    }
  }

  refuse(error: unknown): AnswerCode {
    const refusal = error instanceof Refusal ? error : new Refusal('INTERNAL', { close: true });
    this.answer(refusal.code, { close: refusal.close });
    return refusal.code;
  }

  /** Of HTTP/1: the answer to this request is the last one of its connection. */
  endConnection(): void {
    if (isHttp2(this.message)) return;
    this.response.shouldKeepAlive = false;
    this.peer.isEnding = true;
  }

  /** No request after this one is served on the connection, in HTTP/2 either. */
  leaveConnection(): void {
    if (isHttp2(this.message)) streamOf(this.response).session?.close();
    else this.endConnection();
  }

  /** A client that still sends would meet a reset, and lose the answer: it gets a moment. */
  #closeAfterAnswer(): void {
    const { message, response } = this;
    message.on('error', () => undefined).resume();
    if (isHttp2(message)) {
      // The connection goes on: RFC 9113 §8.1 ends what is left of the request. What has come of it
      // is read first, since it counts for the window of the whole connection.
      const stream = streamOf(response);
      const lingering = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS).unref();
      stream.once('close', () => clearTimeout(lingering));
      return;
    }
    const { socket } = message;
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }
}

const LINGER_MS = 2_000;

/** `Credveil` has no parameters: a browser signs in, and a program shows a service token. */
const AUTHENTICATE: { readonly [Code in AnswerCode]?: string } = {
  REPORT_UNAUTHORIZED: 'Bearer',
  SIGN_IN_REQUIRED: 'Credveil',
  FORM_NOT_SENT: 'Credveil',
  LOGIN_HELD: 'Credveil',
  LOGIN_WRONG: 'Credveil',
};

/** RFC 9110 §11.6.1: a 401 names how to authenticate. */
function challengeOf(code: AnswerCode): readonly string[] {
  const scheme = AUTHENTICATE[code];
  return scheme === undefined ? [] : ['WWW-Authenticate', scheme];
}
