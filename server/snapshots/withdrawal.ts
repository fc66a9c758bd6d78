// Withdrawal: a snapshot with a removed source is not answered any more, though its successor is
// refused, still being opened, or still being waited for by other processes.

import type { Dataset } from '../../store/dataset.ts';
import { readCurrent } from '../../store/snapshot/current.ts';
import { readStatement } from '../../store/snapshot/statement-files.ts';

/**
 * With the poll that notices it, a withdrawal takes less than a minute. Opening a snapshot of many
 * gigabytes may take longer, and so may the other processes.
 */
const DEFAULT_WITHDRAW_MS = 30_000;

/** The number below which the snapshot in CURRENT withdraws; 0 if it cannot be told. */
export function readLeastSequence(dataset: Dataset): number {
  try {
    const [name = ''] = (readCurrent(dataset) ?? '').split(' ', 1);
    const { sequence, minSequence } = readStatement(dataset, name).statement;
    return sequence === Number(name) ? minSequence : 0;
  } catch {
    return 0;
  }
}

export interface WithdrawalOptions {
  readonly everyMs: number;
  readonly withdrawMs?: number | undefined;
  /** Whether the snapshot in CURRENT withdraws the one that is answered. */
  isDue(): boolean;
  /** Called once `isDue` has been true for `withdrawMs`. */
  onOverdue(): void;
}

/** Runs from the first sight of a new CURRENT until it is served or refused. */
export class WithdrawalWatch {
  readonly #options: WithdrawalOptions;
  #timer: NodeJS.Timeout | undefined;
  #dueSince: number | undefined;
  #overdue = new AbortController();

  constructor(options: WithdrawalOptions) {
    this.#options = options;
  }

  /** Aborted once nobody may be waited for any more. */
  get overdue(): AbortSignal {
    return this.#overdue.signal;
  }

  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => this.#look(), this.#options.everyMs);
    this.#look();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#dueSince = undefined;
    this.#overdue = new AbortController();
  }

  #look(): void {
    const { withdrawMs = DEFAULT_WITHDRAW_MS, isDue, onOverdue } = this.#options;
    if (this.overdue.aborted) return;
    if (!isDue()) {
      this.#dueSince = undefined;
      return;
    }
    this.#dueSince ??= performance.now();
    if (performance.now() - this.#dueSince < withdrawMs) return;
    this.#overdue.abort();
    onOverdue();
  }
}
