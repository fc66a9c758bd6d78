// Whose logins failed of late, by network and account, from the lines of the record.

import { parseDecision } from './decision-schema.ts';

const WINDOW_MS = 3_600_000;
const MAX_FAILURES = 10_000;
const SHOWN = 20;

interface Failure {
  readonly at: number;
  readonly network: string;
  readonly account: string;
}

export interface FailureCounts {
  readonly windowMs: number;
  /** The address where it is recorded, else the keyed hash of its network. */
  readonly networks: readonly FailureCount[];
  /** The application, and the keyed hash of the username. */
  readonly accounts: readonly FailureCount[];
}

export interface FailureCount {
  readonly name: string;
  readonly failures: number;
}

export class RecentFailures {
  #failures: Failure[] = [];

  /** @param lines as a worker formatted them */
  add(lines: readonly string[]): void {
    for (const line of lines) {
      // Most are no failed logins, and not parsed. No text of a request has these quotes unescaped.
      if (!line.includes('"outcome":"failure"')) continue;
      const decision = parseDecision(line);
      if (decision?.login?.outcome !== 'failure') continue;
      const { at, app, login, address, network = '-' } = decision;
      const account = login.user === undefined ? '-' : `${app} ${login.user}`;
      this.#failures.push({ at, network: address ?? network, account });
    }
    if (this.#failures.length > 2 * MAX_FAILURES) this.#failures = this.#failures.slice(-MAX_FAILURES);
  }

  counts(now = Date.now()): FailureCounts {
    this.#failures = this.#failures.filter(({ at }) => now - at <= WINDOW_MS);
    const by = (nameOf: (failure: Failure) => string): FailureCount[] =>
      [...Map.groupBy(this.#failures, nameOf)]
        .map(([name, failures]) => ({ name, failures: failures.length }))
        .sort((a, b) => b.failures - a.failures)
        .slice(0, SHOWN);
    return { windowMs: WINDOW_MS, networks: by(({ network }) => network), accounts: by(({ account }) => account) };
  }
}
