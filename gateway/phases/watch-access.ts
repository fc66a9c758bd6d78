// Requests that go on: a WebSocket, a stream, a long download. Whoever was let in is asked about
// again while theirs last, and they end once nobody would be let in for them any more.

import type { Exchange } from '../exchange.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import { judgeRequest } from './access.ts';
import { asSeen, needOf } from './factors/shown-enough.ts';

/** Where no message told that a session ended. */
const EVERY_MS = 2_000;
/** What is younger was judged just now. */
const MIN_AGE_MS = 1_000;

export class AccessWatch {
  readonly #parts: PipelineParts;
  readonly #going = new Set<Exchange>();
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Until its connection, or its response, has ended. */
  add(exchange: Exchange): void {
    this.#going.add(exchange);
    (exchange.upgrade?.socket ?? exchange.response).once('close', () => this.#remove(exchange));
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#look(MIN_AGE_MS), EVERY_MS).unref();
    this.#unsubscribe = this.#parts.people?.store.onEnd(() => void this.#look(0));
  }

  #remove(exchange: Exchange): void {
    this.#going.delete(exchange);
    if (this.#going.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
  }

  async #look(minAgeMs: number): Promise<void> {
    const setup = this.#parts.setup();
    const before = performance.now() - minAgeMs;
    for (const exchange of [...this.#going]) {
      if (exchange.startedAt > before) continue;
      try {
        if (await isStillLetIn(exchange, setup, this.#parts)) continue;
      } catch (error) {
        this.#parts.observe.failed(exchange, error);
      }
      end(exchange);
    }
  }
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
