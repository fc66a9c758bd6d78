// The record in the process that starts the workers: written by it alone, as the configuration in
// force says.

import type { OnEvent } from '../../runtime/events.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { type FailureCounts, RecentFailures } from '../record/recent-failures.ts';
import { RecordFiles } from '../record/record-files.ts';

export class KeptRecord {
  readonly #onEvent: OnEvent;
  readonly #failures = new RecentFailures();
  #key = '';
  #files: RecordFiles | undefined;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  use({ record, stateDirectory }: GatewayConfig): void {
    const key = JSON.stringify([record, stateDirectory]);
    if (key === this.#key) return;
    this.#key = key;
    void this.#files?.close();
    const isKept = record !== 'off' && stateDirectory !== undefined;
    this.#files = isKept ? new RecordFiles(stateDirectory, record, this.#onEvent) : undefined;
  }

  /** @param lines as a worker formatted them */
  append(lines: readonly string[]): void {
    this.#failures.add(lines);
    this.#files?.append(lines);
  }

  failures(): FailureCounts {
    return this.#failures.counts();
  }

  async close(): Promise<void> {
    await this.#files?.close();
  }
}
