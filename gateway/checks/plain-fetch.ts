// What a checker sends its requests with: undici without the streams of `fetch`, which costs five
// times its processor time. A check makes two requests.

import { Agent, type Dispatcher } from 'undici';
import type { BodyReader, Fetch, FetchAnswer } from '../../client-sdk/transport/fetch.ts';

/** What waits to be read before the connection is paused. */
const MAX_WAITING_BYTES = 262_144;

/** Its connections outlive a reload, and end by themselves once they are idle. */
const agent = new Agent({ allowH2: false, pipelining: 1 });

/** No redirect is followed: its status is an answer like any other. */
export const plainFetch: Fetch = (url, { method = 'GET', headers, body, signal }) => {
  const { origin, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const answer = new Answer(signal, resolve, reject);
    agent.dispatch({ origin, path: pathname + search, method, headers, body: body ?? null }, answer);
  });
};

/** Owns one answer, of which the reader takes pieces as they come. */
class Answer implements Dispatcher.DispatchHandler, BodyReader {
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: FetchAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #onAbort = (): void => this.#controller?.abort(new Error('the caller left'));
  #controller: Dispatcher.DispatchController | undefined;
  #pieces: Uint8Array[] = [];
  #waitingBytes = 0;
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  constructor(signal: AbortSignal, resolve: (answer: FetchAnswer) => void, reject: (error: Error) => void) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Readonly<Record<string, unknown>>): void {
    if (status < 200) return;
    this.#resolve({
      status,
      headers: { get: (name) => textOf(headers[name.toLowerCase()]) },
      body: { getReader: () => this, cancel: () => this.cancel() },
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#pieces.push(piece);
    this.#waitingBytes += piece.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) controller.pause();
    this.#wake();
  }

  onResponseEnd(): void {
    this.#finish({});
  }

  onResponseError(_: unknown, error: Error): void {
    this.#finish({ error });
    this.#reject(error);
  }

  /** One call after the other. */
  async read(): ReturnType<BodyReader['read']> {
    if (this.#pieces.length === 0 && !this.#end)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const value = this.#pieces.shift();
    if (value) {
      this.#waitingBytes -= value.length;
      if (this.#controller?.paused && this.#waitingBytes <= MAX_WAITING_BYTES) this.#controller.resume();
      return { done: false, value: value as Uint8Array<ArrayBuffer> };
    }
    if (this.#end?.error) throw this.#end.error;
    return { done: true, value: undefined };
  }

  async cancel(): Promise<void> {
    if (!this.#end) this.#onAbort();
  }

  #finish(end: { readonly error?: Error }): void {
    this.#end ??= end;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#wake();
  }
}

/** Of a header that stands several times, all values. */
function textOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : null;
}
