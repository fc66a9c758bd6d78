// What the gateway holds for slow clients and slow applications, in bytes over all connections of a
// process.

import type { ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { cutWhenStalled } from '../../runtime/http/stalled.ts';
import { gauge, type Metric } from '../../runtime/observe/metric.ts';
import type { Address } from '../addresses/address.ts';
import { partyOf } from '../addresses/party.ts';
import { isHttp2, streamOf } from '../http-version.ts';

/**
 * What one request body takes at most: a window of its client, and what the connection to the
 * application has not sent.
 */
const MAX_BODY_BYTES = 3 * 65_536;
/** What the bodies of one party may take of all; one request alone may take more. */
const PARTY_SHARE = 1 / 4;
/** Of what is no login: the rest is kept free for logins. */
const OTHERS_SHARE = 3 / 4;
/** What the body of a login has at most. */
const MAX_LOGIN_BYTES = 65_536;

/** What a request has reserved, and for whom. */
interface Reservation {
  readonly party: string;
  bytes: number;
}

interface SlowClient {
  /** After which one that takes nothing is cut off. */
  readonly stalledMs: number;
  readonly client: Address | undefined;
}

interface Bounds {
  readonly maxBytes: number;
  readonly maxOfParty: number;
}

export class BufferBudget {
  /** Bytes that clients have not taken yet. */
  held = 0;
  /** Bytes that request bodies on their way may take. */
  reserved = 0;
  readonly #reservations = new WeakMap<ServerResponse, Reservation>();
  /** Bytes that are reserved, by party. */
  readonly #parties = new Map<string, number>();
  /** Bytes that its clients have not taken, by party. */
  readonly #slow = new Map<string, number>();

  collect(): Metric[] {
    const one = (name: string, help: string, value: number): Metric => gauge(name, help, [{ value }], 'sum');
    return [
      one('credveil_gateway_buffered_bytes', 'Bytes that slow clients have not taken yet.', this.held),
      one('credveil_gateway_reserved_bytes', 'Bytes that request bodies on their way may take at most.', this.reserved),
    ];
  }

  /** Of a request that may have a body. @param party as `partyOf` names it */
  assign(response: ServerResponse, party: string): void {
    this.#reservations.set(response, { party, bytes: 0 });
  }

  /**
   * Makes room for a request body, until its response is over: a stream of HTTP/2 cannot be kept
   * from sending a window of bytes, so that they are counted before they come.
   * @returns false if there is no room
   */
  reserve(response: ServerResponse, body: number | 'chunked', maxBytes: number): boolean {
    return this.hold(response, body === 'chunked' ? MAX_BODY_BYTES : Math.min(body, MAX_BODY_BYTES), maxBytes);
  }

  /**
   * The same for the body of a login, which has room where other bodies have none.
   * @returns false if there is none
   */
  reserveLogin(response: ServerResponse, body: number, maxBytes: number): boolean {
    if (body > MAX_LOGIN_BYTES) return this.reserve(response, body, maxBytes);
    return this.#take(response, body, { maxBytes, maxOfParty: maxBytes * PARTY_SHARE });
  }

  /**
   * Makes room for what a request may take beside its body, until its response is over.
   * @returns false if there is none
   */
  hold(response: ServerResponse, bytes: number, maxBytes: number): boolean {
    return this.#take(response, bytes, { maxBytes: maxBytes * OTHERS_SHARE, maxOfParty: maxBytes * PARTY_SHARE });
  }

  #take(response: ServerResponse, bytes: number, { maxBytes, maxOfParty }: Bounds): boolean {
    // Of a client that has left, nobody would give it back.
    if (bytes === 0 || response.destroyed) return true;
    if (this.held + this.reserved + bytes > maxBytes) return false;
    const own = this.#reservations.get(response) ?? { party: '', bytes: 0 };
    const ofParty = this.#parties.get(own.party) ?? 0;
    if (ofParty > own.bytes && ofParty + bytes > maxOfParty) return false;
    this.#count(own, bytes);
    response.once('close', () => this.#count(own, -bytes));
    return true;
  }

  #count(own: Reservation, bytes: number): void {
    own.bytes += bytes;
    this.reserved += bytes;
    add(this.#parties, own.party, bytes);
  }

  /** Whether a party has taken so little of its responses that it gets no more. */
  isTooSlow(client: Address | undefined, maxBytes: number): boolean {
    return this.#slow.size > 0 && (this.#slow.get(partyOf(client)) ?? 0) > maxBytes * PARTY_SHARE;
  }

  /**
   * Counts what a response holds until its client has taken it.
   * @param resume is called once the client takes more
   */
  wait(response: ServerResponse, { stalledMs, client }: SlowClient, resume: () => void): void {
    const bytes = response.writableLength;
    const party = partyOf(client);
    const count = (more: number): void => {
      this.held += more;
      add(this.#slow, party, more);
    };
    count(bytes);
    const uncut = cutStalled(response, stalledMs);
    let isCounted = true;
    const release = (): void => {
      if (isCounted) count(-bytes);
      isCounted = false;
      response.off('drain', drained).off('close', release);
      uncut();
    };
    const drained = (): void => {
      release();
      resume();
    };
    response.once('drain', drained).once('close', release);
  }
}

function add(counts: Map<string, number>, party: string, bytes: number): void {
  const sum = (counts.get(party) ?? 0) + bytes;
  if (sum > 0) counts.set(party, sum);
  else counts.delete(party);
}

function cutStalled(response: ServerResponse, stalledMs: number): () => void {
  if (!isHttp2(response.req)) {
    // Its watch ends once the client has taken what waits.
    cutWhenStalled(response.req.socket, stalledMs);
    return () => undefined;
  }
  // Of HTTP/2 one stream may stall while others go on.
  const stream = streamOf(response);
  // Any other code would end the response as if it were whole.
  const cut = (): void => stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  stream.setTimeout(stalledMs, cut);
  return () => stream.setTimeout(0, cut);
}
