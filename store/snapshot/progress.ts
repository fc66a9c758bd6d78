// Adds up the progress of a publish, which comes from several threads.

import type { PublishProgress } from './publication.ts';

export class Progress {
  readonly #report: ((progress: PublishProgress) => void) | undefined;
  #stage: PublishProgress['stage'] = 'write';
  #records = 0;
  #total = 0;

  constructor(report: ((progress: PublishProgress) => void) | undefined) {
    this.#report = report;
  }

  begin(stage: PublishProgress['stage'], totalRecords: number): void {
    this.#stage = stage;
    this.#records = 0;
    this.#total = totalRecords;
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
    this.#report?.({ stage: this.#stage, records: this.#records, totalRecords: this.#total });
  }
}
