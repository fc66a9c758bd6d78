// What a maker of corpus files returns: the records of a file, and the truth about them.

import type { Vocabulary } from './vocabulary.ts';

export interface Pair {
  readonly username: string;
  readonly password: string;
}

export interface ListedPassword {
  readonly password: string;
  readonly times: number;
}

export interface ListedHash {
  readonly index: 'sha1' | 'ntlm';
  readonly hex: string;
  readonly times: number;
}

/** Credentials and hashes of a file. */
export class Content {
  readonly pairs: Pair[] = [];
  readonly passwords: ListedPassword[] = [];
  readonly usernames: string[] = [];
  readonly hashes: ListedHash[] = [];

  /** Adds the content of another file. */
  add(other: Content): void {
    this.pairs.push(...other.pairs);
    this.passwords.push(...other.passwords);
    this.usernames.push(...other.usernames);
    this.hashes.push(...other.hashes);
  }

  get size(): number {
    return this.pairs.length + this.passwords.length + this.usernames.length + this.hashes.length;
  }
}

export interface Truth {
  /** In the file: a reader must find it. */
  readonly holds: Content;
  /** A reader may take it too: the hash beside its plaintext, the lone username of a row. */
  readonly mayHold: Content;
}

export type NoiseKind = 'blank' | 'comments' | 'ads' | 'rulers' | 'broken';

/** The text of a file in pieces, between which noise may stand. */
export interface Draft {
  readonly head: readonly string[];
  readonly records: readonly string[];
  readonly tail: readonly string[];
  /** Noise that leaves the file what it is. */
  readonly noise: readonly NoiseKind[];
  readonly extension: string;
  readonly truth: Truth;
  /** Options by which an operator names what no reader can know, such as the encoding. */
  readonly options?: readonly string[];
  /** Bytes in place of text: the file is no text. */
  readonly bytes?: Buffer;
  /** The text states its own line ends or encoding: neither is varied. */
  readonly isFixed?: boolean;
}

export interface MakerContext {
  readonly words: Vocabulary;
  readonly dialect: string;
  readonly separator: string;
  readonly size: number;
}

/** A family of corpus files. Each combination of dialect and separator is one format. */
export interface Family {
  readonly name: string;
  /** How often files of this family are made, relative to others. */
  readonly weight: number;
  readonly dialects: readonly string[];
  readonly separators: readonly string[];
  make(context: MakerContext): Draft;
}

export const emptyTruth = (): Truth => ({ holds: new Content(), mayHold: new Content() });

/** A draft of lines or records with the usual noise. */
export function draftOf(records: readonly string[], truth: Truth, more: Partial<Draft> = {}): Draft {
  return {
    head: [],
    tail: [],
    noise: ['blank', 'comments', 'ads', 'rulers', 'broken'],
    extension: 'txt',
    records,
    truth,
    ...more,
  };
}
