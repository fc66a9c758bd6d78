// Adds up the progress of a publish, which comes from several threads.

import type { PublishProgress } from './publication.ts';

export class Progress {
  readonly #report: ((progress: PublishProgress) => void) | undefined;
  #stage: PublishProgress['stage'] = 'write';
  #records = 0;
  #total = 0;
  #parts = 0;
  #resumed = { parts: 0, records: 0 };

  constructor(report: ((progress: PublishProgress) => void) | undefined) {
    this.#report = report;
  }

  /** @param parts that an earlier attempt may have left */
  begin(stage: PublishProgress['stage'], totalRecords: number, parts = 0): void {
    this.#stage = stage;
    this.#records = 0;
    this.#total = totalRecords;
    this.#parts = parts;
  }

  /** A part of an earlier attempt. */
  takeUp(records: number): void {
    this.#resumed = { parts: this.#resumed.parts + 1, records: this.#resumed.records + records };
    this.add(records);
  }

  add(records: number): void {
    this.#records = Math.min(this.#total, this.#records + records);
    this.#tell();
  }

  end(): void {
    this.#records = this.#total;
    this.#tell();
  }

  #tell(): void {
    const resumed = { ...this.#resumed, of: this.#parts };
    this.#report?.({ stage: this.#stage, records: this.#records, totalRecords: this.#total, resumed });
  }
}
