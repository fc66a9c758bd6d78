// A minimum rate of request bodies: who sends a byte a minute holds a connection of the application
// for as long as he likes.

import type { IncomingMessage } from 'node:http';

export interface BodyRateRules {
  readonly minBodyBytesPerSecond: number;
  readonly bodyRateMs: number;
}

interface Watched {
  readonly message: IncomingMessage;
  bytesAt: number;
  /** It has not had a whole interval yet. */
  isNew: boolean;
}

/** Looks at all bodies that are under way, once in `bodyRateMs`. */
export class BodyRates {
  readonly #watched = new Set<Watched>();
  readonly #rules: () => BodyRateRules;
  #timer: NodeJS.Timeout | undefined;

  constructor(rules: () => BodyRateRules) {
    this.#rules = rules;
  }

  watch(message: IncomingMessage): void {
    const watched = { message, bytesAt: message.socket.bytesRead, isNew: true };
    this.#watched.add(watched);
    const forget = (): void => {
      this.#watched.delete(watched);
    };
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
    for (const watched of this.#watched) {
      const { message } = watched;
      const { bytesRead } = message.socket;
      // A message is paused while the application takes nothing.
      if (!watched.isNew && bytesRead - watched.bytesAt < least && !message.isPaused()) message.destroy();
      watched.bytesAt = bytesRead;
      watched.isNew = false;
    }
  }
}
