// A minimum rate of request bodies: who sends a byte a minute holds a connection of the application
// for as long as he likes.

import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { OpenSet } from '../../runtime/open-set.ts';

export interface BodyRateRules {
  readonly minBodyBytesPerSecond: number;
  readonly bodyRateMs: number;
}

interface Watched {
  readonly message: IncomingMessage;
  readonly forget: () => void;
  onSlow: () => void;
  /** Since the last look. */
  bytes: number;
  /** It has not had a whole interval yet. */
  isNew: boolean;
}

/** Looks at all bodies that are under way, once in `bodyRateMs`. */
export class BodyRates {
  readonly #open = new OpenSet<Watched>();
  readonly #byMessage = new WeakMap<IncomingMessage, Watched>();
  readonly #rules: () => BodyRateRules;
  #timer: NodeJS.Timeout | undefined;

  constructor(rules: () => BodyRateRules) {
    this.#rules = rules;
  }

  /**
   * A body that is watched already is from now on watched for its new reader.
   * @param onSlow is called once; by default the request ends without an answer
   */
  watch(message: IncomingMessage, onSlow = (): void => void message.destroy()): void {
    const before = this.#byMessage.get(message);
    if (before) {
      before.onSlow = onSlow;
      return;
    }
    const forget = (): void => {
      close();
      this.#byMessage.delete(message);
    };
    const watched: Watched = { message, forget, onSlow, bytes: 0, isNew: true };
    const close = this.#open.add(watched);
    this.#byMessage.set(message, watched);
    // Bytes of the connection are those of other streams, and of pings. A stream's own way to add a
    // listener would start the body, which nobody may be ready to read.
    EventEmitter.prototype.on.call(message, 'data', ({ length }: Buffer) => {
      watched.bytes += length;
    });
    message.once('end', forget).once('close', forget);
    this.#timer ??= this.#start();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setInterval(() => this.#look(), this.#rules().bodyRateMs).unref();
  }

  #look(): void {
    const { minBodyBytesPerSecond, bodyRateMs } = this.#rules();
    const least = (minBodyBytesPerSecond * bodyRateMs) / 1_000;
    for (const watched of this.#open) {
      // A message is paused while the application takes nothing.
      if (!watched.isNew && watched.bytes < least && !watched.message.isPaused()) {
        watched.forget();
        watched.onSlow();
      }
      watched.bytes = 0;
      watched.isNew = false;
    }
  }
}
