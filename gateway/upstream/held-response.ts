// The response to a login, held back until it is known what the login came to.
//
// Until then the client gets nothing of it: no 1xx, no head, no byte of the body. A response that
// is longer than what is read of it waits at the application.

import { headerValues, pairsOf } from '../header-pairs.ts';
import { faultOf } from './fault.ts';
import { forward } from './forward.ts';
import type { Forwarding, Outcome } from './forwarding.ts';
import type { Origin } from './origin.ts';
import { ResponseSink, type Sink } from './response-sink.ts';

/** What of a body is read before it is passed on. */
const MAX_HELD_BYTES = 65_536;

export interface HeldResponse {
  readonly status: number;
  /** Names and values in turn, as the client would get them. */
  readonly headers: readonly string[];
  /** Its first 64 KiB; undefined if they have a coding, such as gzip, or were not asked for. */
  readonly body: Buffer | undefined;
  readonly isWhole: boolean;
  /** Those of a 101 stay. */
  changeHeaders(change: (headers: readonly string[]) => string[]): void;
  /** Passes it on byte for byte, with more headers. */
  release(added?: readonly string[]): void;
  /** Gives it up. The caller answers instead. */
  discard(): void;
}

export interface HeldForwarding extends Forwarding {
  /** Counts what is held, with what waits for slow clients. */
  readonly budget: { held: number };
}

/** How a request is sent: one of both ways to an application. */
export type Send = (forwarding: Forwarding, done: (outcome: Outcome) => void, sink?: Sink) => void;

/**
 * @param headers of a response
 * @returns how much of its body is read before it is passed on; undefined to pass it on at once
 */
export type Holds = (headers: readonly string[]) => number | undefined;

/**
 * Holds the response to a login.
 * @param readsBody false if its head tells all: streams and downloads then go on at once
 */
export const forwardHeld = (
  origin: Origin,
  forwarding: HeldForwarding,
  done: (outcome: Outcome) => void,
  {
    readsBody,
    send = (...sent) => forward(origin, ...sent),
  }: { readonly readsBody: boolean; readonly send?: Send | undefined },
): Promise<HeldResponse | undefined> => hold(forwarding, done, send, readsBody ? MAX_HELD_BYTES : 0);

/**
 * @param done is called as by `forward`, and not after `discard`
 * @param holds or how much is read of each response, of which not even 1xx passes before
 * @returns undefined if nothing is held: the response was passed on, or none came
 */
export function hold(
  forwarding: HeldForwarding,
  done: (outcome: Outcome) => void,
  send: Send,
  holds: Holds | number,
): Promise<HeldResponse | undefined> {
  return new Promise((resolve) => {
    const held = new Held(forwarding, done, resolve, holds);
    const onSlowClient = (resume: () => void): void => held.wait(resume);
    send({ ...forwarding, onSlowClient }, (outcome) => held.finish(outcome), held);
  });
}

class Held implements Sink, HeldResponse {
  readonly #forwarding: HeldForwarding;
  readonly #done: (outcome: Outcome) => void;
  readonly #resolve: (held: HeldResponse | undefined) => void;
  readonly #holds: Holds | number;
  readonly #sink: ResponseSink;
  #state: 'receiving' | 'held' | 'released' | 'discarded' = 'receiving';
  /** It was never held. */
  #isPassedOn = false;
  #limit = MAX_HELD_BYTES;
  #statusText = '';
  #pieces: Buffer[] = [];
  #held = 0;
  #isCut = false;
  #outcome: Outcome | undefined;
  #resume: () => void = () => undefined;
  /** Of a 101: what it waits for. */
  #joins: ((added: readonly string[] | undefined) => void) | undefined;
  status = 0;
  headers: string[] = [];
  body: Buffer | undefined;
  isWhole = false;

  constructor(
    forwarding: HeldForwarding,
    done: (outcome: Outcome) => void,
    resolve: (held: HeldResponse | undefined) => void,
    holds: Holds | number,
  ) {
    this.#holds = holds;
    this.#forwarding = forwarding;
    this.#done = done;
    this.#resolve = resolve;
    this.#sink = new ResponseSink(forwarding.response);
  }

  /** What was judged is not asked for again, and no other answer can take its place. */
  get isStarted(): boolean {
    return this.#state === 'released' ? this.#sink.isStarted : this.#state !== 'receiving';
  }

  get bytes(): number {
    return this.#held + this.#sink.bytes;
  }

  /** A response in steps could tell the outcome of a login in the first of them. */
  inform(status: number, headers: readonly string[]): void {
    if (typeof this.#holds === 'function') this.#sink.inform(status, headers);
  }

  start(status: number, statusText: string, headers: string[]): void {
    this.#drop();
    this.status = status;
    const limit = typeof this.#holds === 'function' ? this.#holds(headers) : this.#holds;
    if (limit === undefined) {
      this.#state = 'released';
      this.#isPassedOn = true;
      this.#resolve(undefined);
      this.#sink.start(status, statusText, headers);
      return;
    }
    this.#limit = limit;
    this.#statusText = statusText;
    // Trailers come after the body, which is judged before them.
    this.headers = pairsOf(headers)
      .filter(([name]) => name.toLowerCase() !== 'trailer')
      .flat();
    if (limit === 0) this.#hold();
  }

  join(headers: readonly string[]): Promise<readonly string[] | undefined> | undefined {
    if (typeof this.#holds === 'function') return undefined;
    this.status = 101;
    this.headers = [...headers];
    this.isWhole = true;
    return new Promise((resolve) => {
      this.#joins = resolve;
      this.#hold();
    });
  }

  write(piece: Buffer): boolean {
    if (this.#state === 'released') return this.#sink.write(piece);
    if (this.#state === 'discarded') return false;
    this.#pieces.push(piece);
    this.#held += piece.length;
    this.#forwarding.budget.held += piece.length;
    if (this.#held < this.#limit) return true;
    this.#hold();
    return false;
  }

  end(trailers: readonly string[]): void {
    if (this.#state === 'released') this.#sink.end(this.#isPassedOn ? trailers : []);
    else {
      this.isWhole = true;
      this.#hold();
    }
  }

  cut(): void {
    this.#isCut = true;
    if (this.#state === 'released') this.#sink.cut();
  }

  /** The client takes no more, or the response is still held. */
  wait(resume: () => void): void {
    if (this.#state === 'released') this.#forwarding.onSlowClient(resume);
    else this.#resume = resume;
  }

  finish(outcome: Outcome): void {
    this.#outcome = outcome;
    if (this.#state === 'receiving') {
      this.#state = 'discarded';
      this.#drop();
      this.#done(outcome);
      this.#resolve(undefined);
    } else if (this.#state === 'released') this.#tell(outcome);
  }

  changeHeaders(change: (headers: readonly string[]) => string[]): void {
    this.headers = change(this.headers);
  }

  release(added: readonly string[] = []): void {
    if (this.#state !== 'held') return;
    this.#state = 'released';
    if (this.#joins) {
      this.#joins(added);
      return;
    }
    const body = Buffer.concat(this.#pieces);
    this.#drop();
    if (this.#forwarding.response.destroyed) this.#done({ failure: 'CLIENT_GONE' });
    else if (this.#isCut || !this.#start(added)) {
      this.#state = 'discarded';
      this.#done({ failure: 'UPSTREAM_FAILED', fault: faultOf({}) });
    } else {
      const takesMore = body.length === 0 || this.#sink.write(body);
      if (this.isWhole) this.#sink.end([]);
      else if (takesMore) this.#resume();
      else this.#forwarding.onSlowClient(this.#resume);
      if (this.#outcome) this.#tell(this.#outcome);
    }
  }

  /** HTTP/2 has fewer statuses and headers than HTTP/1.1. */
  #start(added: readonly string[]): boolean {
    try {
      this.#sink.start(this.status, this.#statusText, [...this.headers, ...added]);
      return true;
    } catch {
      return false;
    }
  }

  /** What is left of it ends with the answer in its place. */
  discard(): void {
    if (this.#state !== 'held') return;
    this.#state = 'discarded';
    this.#joins?.(undefined);
    this.#drop();
  }

  #hold(): void {
    if (this.#state !== 'receiving') return;
    this.#state = 'held';
    if (this.#limit > 0 && !isCoded(this.headers)) this.body = Buffer.concat(this.#pieces).subarray(0, MAX_HELD_BYTES);
    this.#resolve(this);
  }

  #drop(): void {
    this.#forwarding.budget.held -= this.#held;
    this.#held = 0;
    this.#pieces = [];
  }

  #tell(outcome: Outcome): void {
    this.#done('status' in outcome ? { status: this.status } : outcome);
  }
}

const isCoded = (headers: readonly string[]): boolean =>
  headerValues(headers, 'content-encoding').some((value) => value.trim().toLowerCase() !== 'identity');
