// What policies decided about requests, by application.

import { counter, type Metric } from '../../runtime/observe/metric.ts';
import type { AccessDecision } from '../identity/policies/policies.ts';

export class AccessCounts {
  /** By application, verdict and policy. */
  readonly #decisions = new Map<string, Map<string, number>>();

  count(app: string, { verdict, policy }: AccessDecision): void {
    let ofApp = this.#decisions.get(app);
    if (!ofApp) {
      ofApp = new Map();
      this.#decisions.set(app, ofApp);
    }
    const key = `${verdict}\n${policy ?? ''}`;
    ofApp.set(key, (ofApp.get(key) ?? 0) + 1);
  }

  collect(): Metric {
    const samples = [...this.#decisions].flatMap(([app, ofApp]) =>
      [...ofApp].map(([key, value]) => {
        const [verdict = '', policy = ''] = key.split('\n');
        return { value, labels: { app, verdict, policy } };
      }),
    );
    return counter('credveil_gateway_access_total', 'What policies decided about requests.', samples);
  }
}
