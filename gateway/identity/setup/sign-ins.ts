// Sign-ins with providers of identities: what came of them, as events and numbers. Nobody is named.

import type { OnEvent } from '../../../runtime/events.ts';
import { counter, type Metric } from '../../../runtime/observe/metric.ts';
import type { Exchange } from '../../exchange.ts';
import { hintFor } from '../sign-in/fault-hints.ts';
import type { SignInError } from '../sign-in/provider.ts';

export class SignIns {
  readonly #onEvent: OnEvent;
  /** By provider and outcome. */
  readonly #counts = new Map<string, number>();

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  succeeded({ id }: Exchange, provider: string, app: string): void {
    this.#count(provider, 'success');
    this.#onEvent({ event: 'signed-in', provider, app, request: id });
  }

  failed({ id }: Exchange, provider: string, { fault, reason }: SignInError): void {
    this.#count(provider, fault);
    const hint = hintFor(reason);
    this.#onEvent({ event: 'sign-in-failed', provider, fault, reason, ...(hint && { hint }), request: id });
  }

  endedByProvider(provider: string, sessions: number): void {
    this.#onEvent({ event: 'signed-out-by-provider', provider, sessions });
  }

  collect(): Metric {
    const values = [...this.#counts].map(([key, value]) => {
      const [provider = '', outcome = ''] = key.split('\n');
      return { labels: { provider, outcome }, value };
    });
    return counter('credveil_gateway_sign_ins_total', 'Sign-ins by provider and outcome.', values);
  }

  #count(provider: string, outcome: string): void {
    const key = `${provider}\n${outcome}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
