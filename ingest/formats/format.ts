// The interface of corpus formats, which recognise their texts and turn bytes into credentials and
// rejects.

import type { IndexName, RangeName } from '../../protocol/bucket-id.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import type { RejectReason } from '../rejects.ts';
import type { ColumnUse } from './columns.ts';
import type { FormatOptions } from './format-options.ts';
import type { TextSample } from './sample.ts';

export type { FormatOptions } from './format-options.ts';

/** Takes the results of a parser in the order of the corpus: one call per line or row. */
export interface CredentialSink {
  credential(credential: Credential): void;
  /** @param line its first bytes, for a masked example */
  reject(reason: RejectReason, line?: Uint8Array): void;
  /** Takes the columns of a text at most once. */
  columns?(columns: ColumnUse): void;
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
   * Parses bytes[from, to), a line of plain ASCII without `$HEX[`, into `fields`. Much faster;
   * rare formats go without.
   * @returns a reason, or undefined if it filled the fields
   */
  parseAscii?(bytes: Uint8Array, from: number, to: number, fields: AsciiFields): RejectReason | undefined;
  /**
   * Whether what `parseAscii` finds also holds for a line that is ASCII up to its password, and has
   * other bytes in this, at the end of the line.
   */
  readonly anyPassword?: true;
}

export interface CorpusFormat {
  readonly name: string;
  /** With these options, its module creates the same format again, in a worker too. */
  readonly options: FormatOptions;
  /** The indexes that its credentials feed. */
  readonly feeds: readonly (IndexName | RangeName)[];
  /** Set for formats with one credential per line. Others parse the whole stream. */
  readonly lines?: LineRules;
  createParser(sink: CredentialSink): CorpusParser;
}

/** A format that a text may have. */
export interface Recognised {
  readonly format: CorpusFormat;
  /** 0 to 1: how much of the sample the format explains, and how unlikely another one would be. */
  readonly score: number;
  /** What speaks for it, as text for people. None of it is text of the corpus. */
  readonly reasons: readonly string[];
  /** True if hashes prove the lines, whatever else they resemble. */
  readonly isCertain?: true;
  /** What the text is, if no format can read it: the error to refuse it with. */
  readonly refusal?: Error;
}

/** A format, or several of one kind: an entry of the registry. */
export interface FormatModule {
  /** Names for `--format`. */
  readonly names: readonly string[];
  /** The options that its formats take. Under others, it is not a candidate. */
  readonly takes: readonly (keyof FormatOptions)[];
  create(name: string, options: FormatOptions): CorpusFormat;
  /**
   * Looks at a text in time linear in the sample: without regular expressions that backtrack.
   * @param options what the operator stated, and nothing that `takes` lacks
   * @returns undefined if the text is none of its formats
   */
  recognise(sample: TextSample, options: FormatOptions): Recognised | undefined;
}
