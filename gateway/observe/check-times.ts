// How long checks of logins took, in plain numbers.

import { histogram, type Metric } from '../../runtime/observe/metric.ts';

/** Seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class CheckTimes {
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #sum = 0;

  observe(seconds: number): void {
    const found = BOUNDS.findIndex((bound) => seconds <= bound);
    const place = found < 0 ? BOUNDS.length : found;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#sum += seconds;
  }

  collect(): Metric {
    return histogram(
      'credveil_gateway_check_duration_seconds',
      'Time of the leak check of a login, whatever its verdict.',
      BOUNDS,
      [{ labels: {}, counts: this.#counts, sum: this.#sum }],
    );
  }
}
