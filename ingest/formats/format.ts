// What a corpus format is: a way from bytes to credentials and rejects.

import type { IndexName, RangeName } from '../../protocol/bucket-id.ts';
import type { Credential } from '../../store/run/credential-records.ts';
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

/** Where the fields of a line of plain ASCII are: half-open ranges of its bytes. */
export interface AsciiFields {
  /** -1 where there is no username. */
  usernameFrom: number;
  usernameTo: number;
  passwordFrom: number;
  passwordTo: number;
  times: number;
}

/** A format with one credential a line, which workers can take apart by themselves. */
export interface LineRules {
  /** Any line without its end. */
  parseLine(line: string): Credential | RejectReason;
  /**
   * The same for a line of plain ASCII without `$HEX[`, bytes[from, to), much faster: fills `fields`.
   * @returns a reason, or undefined where the fields are filled
   */
  parseAscii(bytes: Uint8Array, from: number, to: number, fields: AsciiFields): RejectReason | undefined;
}

export interface CorpusFormat {
  readonly name: string;
  /** The indexes that its credentials can feed. */
  readonly feeds: readonly (IndexName | RangeName)[];
  /** Where a line is a credential. Otherwise the parser takes the whole stream. */
  readonly lines?: LineRules;
  createParser(sink: CredentialSink): CorpusParser;
}
