// What a corpus format is: a way from bytes to credentials and rejects.

import type { IndexName } from '../../protocol/bucket-id.ts';
import type { Credential } from '../../store/credential-records.ts';
import type { RejectReason } from '../rejects.ts';

/** Takes what a format finds, in the order of the corpus. Each line ends in one of these calls. */
export interface CredentialSink {
  credential(credential: Credential): void;
  reject(reason: RejectReason): void;
}

/** Parses one stream. Synchronous between blocks, so that a block is all that is ever held. */
export interface CorpusParser {
  push(block: Buffer): void;
  end(): void;
}

export interface CorpusFormat {
  readonly name: string;
  /** The indexes that its credentials can feed. */
  readonly feeds: readonly IndexName[];
  createParser(sink: CredentialSink): CorpusParser;
}
