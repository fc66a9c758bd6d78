// The interface of corpus formats, which turn bytes into credentials and rejects.

import type { IndexName, RangeName } from '../../protocol/bucket-id.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import type { RejectReason } from '../rejects.ts';

/** Takes the results of a parser in the order of the corpus: one call per line or row. */
export interface CredentialSink {
  credential(credential: Credential): void;
  reject(reason: RejectReason): void;
}

/** Parses one stream, synchronously, so that one block is in memory at a time. */
export interface CorpusParser {
  push(block: Buffer): void;
  end(): void;
}

/** The fields of a line of plain ASCII, as half-open ranges of its bytes. */
export interface AsciiFields {
  /** -1 if there is no username. */
  usernameFrom: number;
  usernameTo: number;
  passwordFrom: number;
  passwordTo: number;
  times: number;
}

/** A format with one credential per line, which workers can parse independently. */
export interface LineRules {
  /** Parses any line, given without its line end. */
  parseLine(line: string): Credential | RejectReason;
  /**
   * Parses bytes[from, to), a line of plain ASCII without `$HEX[`, into `fields`. Much faster.
   * @returns a reason, or undefined if it filled the fields
   */
  parseAscii(bytes: Uint8Array, from: number, to: number, fields: AsciiFields): RejectReason | undefined;
}

export interface CorpusFormat {
  readonly name: string;
  /** The indexes that its credentials feed. */
  readonly feeds: readonly (IndexName | RangeName)[];
  /** Set for formats with one credential per line. Others parse the whole stream. */
  readonly lines?: LineRules;
  createParser(sink: CredentialSink): CorpusParser;
}
