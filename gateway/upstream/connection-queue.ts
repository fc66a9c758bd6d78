// Who uses a connection to an application, and who waits for one: bounded in number and time.
//
// A body that comes slowly holds its connection for as long as it comes. Bodies that are still to
// come get three quarters of the connections, and those of one client half of them, so that other
// requests have some left.

import type { IncomingMessage } from 'node:http';
import { isHttp2, streamOf } from '../http-version.ts';
import { BUSY, faultOf } from './fault.ts';
import type { Forwarding, Outcome } from './forwarding.ts';

export interface QueueOptions {
  readonly maxConnections: number;
  /** Requests that wait. */
  readonly maxWaiting: number;
  readonly waitMs: number;
}

/** How often it is looked who has waited too long, and whose body has come meanwhile. */
const LOOK_MS = 50;

type Done = (outcome: Outcome) => void;

interface Turn {
  readonly forwarding: Forwarding;
  readonly done: Done;
  /** Sends the request. */
  readonly start: (done: Done) => void;
  readonly deadline: number;
}

export class ConnectionQueue {
  readonly #options: QueueOptions;
  readonly #waiting = new Map<Turn, () => void>();
  readonly #uploadsByParty = new Map<string, number>();
  #used = 0;
  #uploads = 0;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: () => void = () => undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /**
   * Starts a request at once, or when there is a connection for it.
   * @param done is called once, also for a request that was not started
   */
  run(forwarding: Forwarding, done: Done, start: (done: Done) => void): void {
    const { maxWaiting, waitMs } = this.#options;
    const turn: Turn = { forwarding, done, start, deadline: performance.now() + waitMs };
    if (this.#mayStart(forwarding)) this.#start(turn);
    else if (this.#waiting.size >= maxWaiting) done(REFUSED);
    else this.#wait(turn);
  }

  /** Resolves once nobody waits. */
  empty(): Promise<void> {
    if (this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  #mayStart(forwarding: Forwarding): boolean {
    const { maxConnections } = this.#options;
    if (this.#used >= maxConnections) return false;
    if (!isUpload(forwarding)) return true;
    const ofParty = this.#uploadsByParty.get(forwarding.party) ?? 0;
    return this.#uploads < shareOf(maxConnections, 3 / 4) && ofParty < shareOf(maxConnections, 1 / 2);
  }

  #start({ forwarding, done, start }: Turn): void {
    this.#used++;
    const forget = isUpload(forwarding) ? this.#countUpload(forwarding) : undefined;
    let isDone = false;
    const finish = (outcome: Outcome): void => {
      if (isDone) return;
      isDone = true;
      this.#used--;
      forget?.();
      done(outcome);
      if (this.#waiting.size > 0) this.#startNext();
    };
    try {
      start(finish);
    } catch (error) {
      finish({ failure: 'UPSTREAM_FAILED', fault: faultOf(error as { code?: string }) });
    }
  }

  /** @returns a function that ends the count */
  #countUpload({ message, party }: Forwarding): () => void {
    this.#uploads++;
    this.#uploadsByParty.set(party, (this.#uploadsByParty.get(party) ?? 0) + 1);
    let isCounted = true;
    const forget = (): void => {
      if (!isCounted) return;
      isCounted = false;
      this.#uploads--;
      const left = (this.#uploadsByParty.get(party) ?? 1) - 1;
      if (left > 0) this.#uploadsByParty.set(party, left);
      else this.#uploadsByParty.delete(party);
    };
    message.once('end', () => {
      forget();
      if (this.#waiting.size > 0) this.#startNext();
    });
    return forget;
  }

  #wait(turn: Turn): void {
    const { response } = turn.forwarding;
    const leave = (): void => {
      this.#forget(turn);
      turn.done({ failure: 'CLIENT_GONE' });
    };
    response.once('close', leave);
    this.#waiting.set(turn, () => response.off('close', leave));
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
  }

  #look(): void {
    const now = performance.now();
    for (const turn of [...this.#waiting.keys()]) {
      if (turn.deadline > now) break;
      this.#forget(turn);
      turn.done(REFUSED);
    }
    this.#startNext();
  }

  /** Who came first goes first, among those for whom there is a connection. */
  #startNext(): void {
    for (const turn of [...this.#waiting.keys()]) {
      if (this.#used >= this.#options.maxConnections) return;
      // Whoever started before may have ended others.
      if (!this.#waiting.has(turn) || !this.#mayStart(turn.forwarding)) continue;
      this.#forget(turn);
      this.#start(turn);
    }
  }

  #forget(turn: Turn): void {
    this.#waiting.get(turn)?.();
    this.#waiting.delete(turn);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onEmpty();
  }
}

const REFUSED: Outcome = { failure: 'UPSTREAM_BUSY', fault: BUSY };

const shareOf = (connections: number, share: number): number => Math.max(1, Math.floor(connections * share));

/** Whether something of the body is still to come from the client. */
const isUpload = ({ message, body, content }: Forwarding): boolean =>
  body !== 0 && !content?.isWhole && !hasCome(message, body);

/** node:http2 takes a body for complete once it is read. */
function hasCome(message: IncomingMessage, body: Forwarding['body']): boolean {
  if (!isHttp2(message)) return message.complete;
  return typeof body === 'number' && message.readableLength + streamOf(message).readableLength >= body;
}
