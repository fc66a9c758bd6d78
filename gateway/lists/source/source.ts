// Where the content of a list comes from.

import { createHash } from 'node:crypto';
import { CredveilError } from '../../../protocol/errors.ts';

export interface Reading {
  /** Undefined if nothing has changed since the validator. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** For the next reading; empty if the source has none. */
  readonly validator: string;
  /** When the source last had this content. */
  readonly confirmedAtMs: number;
}

export interface Source {
  /** Identifies the source without containing it: a URL may contain a key. */
  readonly origin: string;
  /** @throws SourceError */
  read(validator: string, signal: AbortSignal): Promise<Reading>;
}

export interface SourceLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

export type SourceErrorCode =
  | 'FILE_MISSING'
  | 'FILE_UNREADABLE'
  | 'FILE_CHANGING'
  | 'SOURCE_TOO_LONG'
  | 'SOURCE_TIMEOUT'
  | 'HTTP_STATUS'
  | 'REDIRECT_REFUSED'
  | 'CONNECTION_REFUSED'
  | 'CONNECTION_LOST'
  | 'NAME_NOT_FOUND'
  | 'TLS_UNTRUSTED'
  | 'REQUEST_FAILED'
  | 'COMMAND_MISSING'
  | 'COMMAND_FAILED';

/** A source that could not be read. The list stays as it was. */
export class SourceError extends CredveilError<SourceErrorCode> {
  override name = 'SourceError';
}

export const originOf = (kind: string, ...place: readonly string[]): string =>
  createHash('sha256')
    .update(JSON.stringify([kind, ...place]))
    .digest('hex');

export const tooLong = (maxBytes: number): SourceError =>
  new SourceError(
    'SOURCE_TOO_LONG',
    `the source delivers more than ${maxBytes} bytes`,
    'Name a smaller list, or raise maxBytes.',
  );

export const timedOut = (timeoutMs: number): SourceError =>
  new SourceError(
    'SOURCE_TIMEOUT',
    `the source did not deliver the list within ${timeoutMs / 1000} s`,
    'Look at the source by hand, or raise timeout.',
  );

/** Blocks of a stream as one array of its own, which a thread can take over. */
export class Collector {
  readonly #maxBytes: number;
  readonly #blocks: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false if it is more than `maxBytes` */
  add(block: Uint8Array): boolean {
    this.#length += block.length;
    if (this.#length > this.#maxBytes) return false;
    this.#blocks.push(block);
    return true;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const block of this.#blocks) {
      bytes.set(block, at);
      at += block.length;
    }
    return bytes;
  }
}
