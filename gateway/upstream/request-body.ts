// The body of a request on its way to the application.
//
// The HTTP client destroys the body of a request that fails. Destroying the message itself would
// cut the client's connection, on which it still has to get its answer.

import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Screen } from './forwarding.ts';

/** node:http2 ends the body of a stream that was reset as if it were whole. */
export const isWhole = ({ complete, aborted }: IncomingMessage): boolean => complete && !aborted;

export class RequestBody extends Readable {
  readonly #message: IncomingMessage;
  readonly #screen: Screen | undefined;
  /** A piece waits for its screen. */
  #isWaiting = false;
  /** The client left before its end. */
  isBroken = false;

  /** @param begun what was read of it before */
  constructor(message: IncomingMessage, begun?: Buffer, screen?: Screen) {
    // Little, since the client's side has a buffer of its own.
    super({ highWaterMark: 16_384 });
    if (begun) this.push(begun);
    this.#message = message;
    this.#screen = screen;
    // It may fail before the HTTP client takes it, or after it has let go of it.
    this.on('error', () => undefined);
    message.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onClose);
    message.pause();
  }

  override _read(): void {
    if (!this.#isWaiting) this.#message.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const message = this.#message;
    message.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', this.#onClose);
    // What follows is read and dropped, so that the answer reaches a client that still sends.
    message.on('error', () => undefined).resume();
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#after(this.#screen?.pass(chunk), () => {
      if (this.push(chunk)) this.#message.resume();
      else this.#message.pause();
    });
  };

  readonly #onEnd = (): void => {
    if (isWhole(this.#message)) this.#after(this.#screen?.end(), () => this.push(null));
    else this.#onClose();
  };

  #after(waiting: Promise<void> | undefined, goOn: () => void): void {
    if (!waiting) {
      goOn();
      return;
    }
    this.#isWaiting = true;
    this.#message.pause();
    waiting.then(
      () => {
        this.#isWaiting = false;
        if (!this.destroyed) goOn();
      },
      (error: Error) => this.destroy(error),
    );
  }

  readonly #onClose = (): void => {
    if (isWhole(this.#message)) return;
    this.isBroken = true;
    this.destroy(new Error('the client left before the end of its body'));
  };
}
