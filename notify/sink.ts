// A sink: another system that takes events.

import type { StoredEvent } from './events.ts';
import type { Destination } from './outbox.ts';

/** What came of one event. */
export type Outcome =
  | { readonly delivered: true }
  | {
      readonly delivered: false;
      /** A code such as `TIMEOUT` or `STATUS_500`: nothing that the other system chose. */
      readonly failure: string;
      /** The other system asked for this much time. */
      readonly retryAfterMs?: number;
      /** The sink may take other events meanwhile. */
      readonly isOfEvent?: boolean;
      /** Another attempt is of no use. */
      readonly isFinal?: boolean;
    };

export interface Sink extends Destination {
  /** Events of one `send`. */
  readonly maxBatch: number;
  /** Absolute, of one that writes to a file. */
  readonly file?: string;
  /** Longer than any `send` takes. */
  readonly leaseMs: number;
  /** Resolves to one outcome for each event, in their order. */
  send(events: readonly StoredEvent[], signal: AbortSignal): Promise<readonly Outcome[]>;
  close(): void;
}
