// Records decisions in one process: at most so many a second, written once their request has its
// answer. A request on which nothing acts is not looked at.

import { createHmac, type KeyObject } from 'node:crypto';
import type { Address } from '../addresses/address.ts';
import { formatAddress } from '../addresses/address.ts';
import { networkOf } from '../addresses/network.ts';
import type { Exchange } from '../exchange.ts';
import type { GatewaySetup } from '../setup.ts';
import { capture } from './capture.ts';
import { type Captured, type DecisionEnd, formatDecision } from './decision.ts';
import type { Decision } from './decision-schema.ts';
import { MAX_LINE_BYTES } from './recordable.ts';

export interface RecorderOptions {
  readonly setup: () => GatewaySetup;
  /** Derived for names of networks alone. */
  readonly networkKey: KeyObject | undefined;
  /** The share of the decisions a second that this process has, of 1. */
  readonly share: number;
  /** Takes lines. */
  readonly write: (lines: readonly string[]) => void;
}

const HASH_BYTES = 12;
/** So many seconds of decisions may come at once. */
const BURST_S = 10;
const BATCH_MS = 50;

export class Recorder {
  readonly #options: RecorderOptions;
  #room = 0;
  #filledAt = -Number.MAX_VALUE;
  #skipped = 0;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Before the rules of a login are asked, or once one acts on any other request.
   * @param rules whether they were asked, if something else acted
   */
  begin(exchange: Exchange, rules: Captured['rules'] = 'asked'): void {
    if (exchange.decision) return;
    const setup = this.#options.setup();
    if (!this.#takeRoom(setup)) return;
    exchange.decision = capture(exchange, { setup, network: this.#nameNetwork(exchange.client), rules });
  }

  /** Once the request has its answer, or has gone. */
  end(exchange: Exchange, end: DecisionEnd): void {
    const captured = exchange.decision;
    if (!captured) return;
    exchange.decision = undefined;
    const decision: Decision = { v: 1, ...captured, end, skipped: this.#skipped };
    this.#skipped = 0;
    setImmediate(() => this.#add(formatDecision(decision)));
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    this.#options.write(this.#lines);
    this.#lines = [];
  }

  #add(line: string): void {
    if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
      this.#skipped++;
      return;
    }
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  #takeRoom({ config: { record } }: GatewaySetup): boolean {
    if (record === 'off') return false;
    const rate = record.maxPerSecond * this.#options.share;
    const now = performance.now();
    const most = Math.max(1, rate * BURST_S);
    this.#room = Math.min(most, this.#room + ((now - this.#filledAt) / 1_000) * rate);
    this.#filledAt = now;
    if (this.#room < 1) {
      this.#skipped++;
      return false;
    }
    this.#room--;
    return true;
  }

  #nameNetwork(client: Address | undefined): string | undefined {
    const { networkKey } = this.#options;
    if (!client || !networkKey) return undefined;
    const network = formatAddress(networkOf(client, client.family === 4 ? 32 : 64).first);
    const hash = createHmac('sha256', networkKey).update(network).digest();
    return `n_${hash.subarray(0, HASH_BYTES).toString('base64url')}`;
  }
}
