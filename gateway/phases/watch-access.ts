// Requests that go on: a WebSocket, a stream, a long download. Whoever was let in is asked about
// again while theirs last, and they end once nobody would be let in for them any more.

import type { Exchange } from '../exchange.ts';
import { isHttp2, streamOf } from '../http-version.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import { judgeRequest } from './access.ts';
import { asSeen, needOf } from './factors/shown-enough.ts';

/** Where no message told that a session ended. */
const EVERY_MS = 2_000;
/** What is younger was judged just now. */
const MIN_AGE_MS = 1_000;
/** So many that are over may be among them. */
const SLACK = 16;

export class AccessWatch {
  readonly #parts: PipelineParts;
  #going: Exchange[] = [];
  #sweepAt = SLACK;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /**
   * Until its connection, or its response, has ended. Few requests are still going when somebody
   * looks: leaving out those that are over costs each less than listening for its end.
   */
  add(exchange: Exchange): void {
    if (this.#going.length >= this.#sweepAt) this.#sweep();
    this.#going.push(exchange);
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#lookOrRest(), EVERY_MS).unref();
    this.#unsubscribe = this.#parts.people?.store.onEnd(() => void this.#look(0));
  }

  #sweep(): void {
    this.#going = this.#going.filter(isGoing);
    this.#sweepAt = 2 * this.#going.length + SLACK;
  }

  #lookOrRest(): void {
    this.#sweep();
    if (this.#going.length > 0) {
      void this.#look(MIN_AGE_MS);
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
  }

  async #look(minAgeMs: number): Promise<void> {
    const setup = this.#parts.setup();
    const before = performance.now() - minAgeMs;
    for (const exchange of [...this.#going]) {
      if (exchange.startedAt > before || !isGoing(exchange)) continue;
      try {
        if (await isStillLetIn(exchange, setup, this.#parts)) continue;
      } catch (error) {
        this.#parts.observe.failed(exchange, error);
      }
      end(exchange);
    }
  }
}

function isGoing({ upgrade, message, response }: Exchange): boolean {
  if (upgrade) return !upgrade.socket.destroyed;
  return isHttp2(message) ? !streamOf(response).destroyed : !response.destroyed;
}

async function isStillLetIn(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): Promise<boolean> {
  const { application, found, head } = exchange;
  if (!application || !found || !head) return false;
  // As the configuration has it now.
  const current = setup.applications.named(application.name);
  if (!current) return false;
  if (!current.access) return true;
  const known = (await parts.people?.sessions.personOf(exchange, current, { isUse: false })) ?? 'none';
  const session = asSeen(known, exchange, setup);
  const now = Date.now();
  const { decision, facts } = judgeRequest(exchange, current.access, session, setup, now);
  const { verdict } = decision;
  if (verdict === 'denied' || verdict === 'sign-in' || verdict === 'step-up') return false;
  if (verdict !== 'allow') return true;
  const shown = typeof session === 'object' ? session : undefined;
  return !needOf({ application: current, found, facts, now }, shown).need;
}

function end({ upgrade, response }: Exchange): void {
  if (upgrade) upgrade.socket.destroy();
  else response.destroy();
}
