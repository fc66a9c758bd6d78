// One request to an application, and its response back: the common way, without upgrades, Expect
// and trailers.

import type { Dispatcher } from 'undici';
import { faultOf } from './fault.ts';
import { type Forwarding, MAX_INFORMED, type Outcome, outlivesClient, type Stopped } from './forwarding.ts';
import type { Origin } from './origin.ts';
import { RequestBody } from './request-body.ts';
import { ResponseSink, responseHeaders, type Sink } from './response-sink.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Errors of a kept connection that the application closed while the request was on its way. */
const STALE_CODES: ReadonlySet<string | undefined> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export function forward(
  origin: Origin,
  forwarding: Forwarding,
  done: (outcome: Outcome) => void,
  sink: Sink = new ResponseSink(forwarding.response),
): void {
  origin.queue.run(forwarding, done, (ended) => new Exchange(origin, forwarding, ended, sink).send());
}

const LEFT = new Error('the client left');

/** Owns one request and its response. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #origin: Origin;
  readonly #forwarding: Forwarding;
  readonly #done: (outcome: Outcome) => void;
  readonly #sink: Sink;
  #controller: Dispatcher.DispatchController | undefined;
  /** Responses of 1xx so far. */
  #informed = 0;
  #isRetried = false;
  #isDone = false;
  #body: RequestBody | undefined;
  /** The client has left, and the answer is waited for. */
  #isLeft = false;
  #clientFailure: 'CLIENT_GONE' | Stopped | undefined;

  constructor(origin: Origin, forwarding: Forwarding, done: (outcome: Outcome) => void, sink: Sink) {
    this.#origin = origin;
    this.#forwarding = forwarding;
    this.#done = done;
    this.#sink = sink;
    forwarding.response.on('close', () => this.#giveUp('CLIENT_GONE'));
    const { stop } = forwarding;
    stop?.addEventListener('abort', () => this.#giveUp(stop.reason as Stopped));
  }

  send(): void {
    const { method, target, headers, body, message, content, screen } = this.#forwarding;
    if (body !== 0 && !content?.isWhole) this.#body = new RequestBody(message, content?.bytes, screen);
    this.#origin.pool.dispatch(
      {
        method: method as Dispatcher.HttpMethod,
        path: target,
        headers,
        body: body === 0 ? null : (this.#body ?? content?.bytes),
        // The same for all: undici gives up a connection whose name changes.
        servername: 'origin',
      } as Dispatcher.DispatchOptions,
      this,
    );
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientFailure && !this.#isLeft) controller.abort(LEFT);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, statusText = ''): void {
    const raw = textOf(controller.rawHeaders);
    if (status < 200) {
      if (++this.#informed > MAX_INFORMED) throw new Error('more 1xx than a response has');
      this.#sink.inform(status, raw);
      return;
    }
    if (this.#isLeft && !this.#forwarding.isJudged) {
      controller.abort(LEFT);
      return;
    }
    const headers = responseHeaders(raw);
    this.#sink.start(status, statusText, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink.write(chunk)) return;
    if (this.#isLeft) {
      controller.abort(LEFT);
      return;
    }
    controller.pause();
    this.#forwarding.onSlowClient(() => controller.resume());
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#sink.end(textOf(controller.rawTrailers));
    this.#finish({ status: this.#forwarding.response.statusCode });
  }

  onResponseError(_: unknown, error: Error & { code?: string }): void {
    const failure = this.#clientFailure ?? (this.#body?.isBroken ? 'CLIENT_GONE' : undefined);
    if (failure) {
      if (this.#sink.isStarted && this.#clientFailure !== 'CLIENT_GONE') this.#sink.cut();
      this.#finish({ failure });
    } else if (this.#hasAll()) {
      this.#sink.end([]);
      this.#finish({ status: this.#forwarding.response.statusCode });
    } else if (this.#sink.isStarted) {
      this.#sink.cut();
      this.#finish({ failure: 'UPSTREAM_CUT' });
    } else if (this.#mayRetry(error)) {
      this.#isRetried = true;
      this.send();
    } else this.#finish(failureOf(error));
  }

  /** A connection that ends while the last piece waits for the client is an error to undici. */
  #hasAll(): boolean {
    if (!this.#sink.isStarted || !this.#controller) return false;
    const headers = textOf(this.#controller.rawHeaders);
    const length = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length');
    return length >= 0 && Number(headers[length + 1]) === this.#sink.bytes;
  }

  /** RFC 9110 §9.2.2: a safe request without body may be sent again, on another connection. */
  #mayRetry({ code }: { readonly code?: string }): boolean {
    const { method, body } = this.#forwarding;
    return !this.#isRetried && body === 0 && SAFE_METHODS.has(method) && STALE_CODES.has(code);
  }

  #giveUp(failure: 'CLIENT_GONE' | Stopped): void {
    if (this.#isDone || this.#clientFailure) return;
    this.#clientFailure = failure;
    this.#isLeft = failure === 'CLIENT_GONE' && !this.#sink.isStarted && outlivesClient(this.#forwarding);
    if (!this.#isLeft) this.#controller?.abort(LEFT);
  }

  #finish(outcome: Outcome): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(outcome);
  }
}

/** Header bytes are latin1: RFC 9110 §5.5. Of HTTP/1, as here, undici has a list. */
function textOf(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  const text: string[] = [];
  if (!Array.isArray(raw)) return text;
  for (const part of raw) text.push(typeof part === 'string' ? part : part.toString('latin1'));
  return text;
}

const TIMEOUTS: ReadonlySet<string | undefined> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function failureOf(error: { readonly code?: string }): Outcome {
  return TIMEOUTS.has(error.code)
    ? { failure: 'UPSTREAM_TIMEOUT' }
    : { failure: 'UPSTREAM_FAILED', fault: faultOf(error) };
}
