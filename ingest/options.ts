// The options of an ingest, and its progress reports.

import type { Encrypter } from 'age-encryption';
import type { NameList } from '../store/retention/name-list.ts';
import type { PlantedFound } from '../store/run/run-report.ts';
import type { OpenArchive } from './archive/archive-reader.ts';
import type { Reading } from './choose-format.ts';
import type { CorpusInput } from './input/inputs.ts';
import type { LeftOut } from './input/left-out.ts';
import type { RejectCounter } from './rejects.ts';
import type { AlarmName } from './report/alarms.ts';

/** Progress of the first stage, from the corpus to sorted chunks. */
export interface ReadProgress {
  readonly stage: 'read';
  readonly bytes: number;
  /** Undefined for a stream. */
  readonly totalBytes: number | undefined;
  readonly lines: number;
  readonly rejects: Pick<RejectCounter, 'total' | 'byReason'>;
}

/** Progress of the second stage, from sorted chunks to a run. */
export interface MergeProgress {
  readonly stage: 'merge';
  readonly records: number;
  readonly totalRecords: number;
}

export type IngestProgress = ReadProgress | MergeProgress;

export interface IngestOptions extends Reading {
  readonly source: string;
  readonly date?: string;
  /** The day from which on the source is left out, YYYY-MM-DD in UTC. */
  readonly expires?: string;
  readonly inputs: readonly CorpusInput[];
  /** Swaps the source of this name, which must be there. */
  readonly replace?: boolean;
  /** The corpus is a mirror of all ranges: those that it lacks are gaps, not empty. */
  readonly mirror?: boolean;
  /** Alarms that the operator has looked at. */
  readonly accept?: readonly AlarmName[];
  /** Takes the texts and members of archives that are not read. */
  readonly leftOut?: LeftOut;
  /** Memory limit of the whole process; further records go to disk. */
  readonly memoryBytes?: number;
  /** Worker threads; default: one per core. */
  readonly threads?: number;
  /** Keeps the credentials for this recipient, as parsed by `parseRecipient`. */
  readonly recipient?: Encrypter;
  /** Replaces the content of `inputs`, which is the archive itself. */
  readonly archive?: OpenArchive;
  /** The names that the dataset leaves out: `ingest` reads them. */
  readonly names?: NameList;
  /** Called with the planted accounts of a corpus, also of one that is refused. */
  readonly onPlanted?: (found: readonly PlantedFound[]) => void;
  readonly onProgress?: (progress: IngestProgress) => void;
  readonly signal?: AbortSignal;
}
