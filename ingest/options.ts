// What an ingest is asked to do, and how it tells how far it has come.

import type { CorpusFormat } from './formats/format.ts';
import type { CorpusInput } from './input/inputs.ts';
import type { RejectCounter } from './rejects.ts';

/** Of the corpus, while it becomes sorted chunks. */
export interface ReadProgress {
  readonly stage: 'read';
  readonly bytes: number;
  /** Undefined for a stream. */
  readonly totalBytes: number | undefined;
  readonly lines: number;
  readonly rejects: Pick<RejectCounter, 'total' | 'byReason'>;
}

/** Of the chunks, while they become a run. */
export interface MergeProgress {
  readonly stage: 'merge';
  readonly records: number;
  readonly totalRecords: number;
}

export type IngestProgress = ReadProgress | MergeProgress;

export interface IngestOptions {
  readonly source: string;
  readonly date?: string;
  readonly format: CorpusFormat;
  readonly inputs: readonly CorpusInput[];
  /** For the whole process; records beyond it wait on disk. */
  readonly memoryBytes?: number;
  /** Worker threads; all cores unless given. */
  readonly threads?: number;
  readonly onProgress?: (progress: IngestProgress) => void;
  readonly signal?: AbortSignal;
}
