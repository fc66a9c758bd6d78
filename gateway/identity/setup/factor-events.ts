// Factors that people show, as events and numbers. Nobody is named.

import type { OnEvent } from '../../../runtime/events.ts';
import { counter, type Metric } from '../../../runtime/observe/metric.ts';
import type { Exchange } from '../../exchange.ts';
import type { FactorMethod } from '../../factors/factor.ts';

export class FactorEvents {
  readonly #onEvent: OnEvent;
  /** By purpose and outcome. */
  readonly #counts = new Map<string, number>();

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  given({ id }: Exchange, method: FactorMethod, purpose: string): void {
    this.#count(purpose, method);
    this.#onEvent({ event: 'factor-given', method, purpose, request: id });
  }

  refused({ id }: Exchange, purpose: string): void {
    this.#count(purpose, 'refused');
    this.#onEvent({ event: 'factor-refused', purpose, request: id });
  }

  collect(): Metric {
    const values = [...this.#counts].map(([key, value]) => {
      const [purpose = '', outcome = ''] = key.split('\n');
      return { labels: { purpose, outcome }, value };
    });
    return counter('credveil_gateway_factors_total', 'Factors that were shown, by purpose and outcome.', values);
  }

  #count(purpose: string, outcome: string): void {
    const key = `${purpose}\n${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
