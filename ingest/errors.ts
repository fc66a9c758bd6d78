// The error class of ingest/.

import { CredveilError } from '../protocol/errors.ts';

export type IngestErrorCode =
  | 'INPUT_MISSING'
  | 'INPUT_UNREADABLE'
  | 'INPUT_OWN'
  | 'RANGE_TWICE'
  | 'RANGE_MIXED'
  | 'RANGE_NAMELESS'
  | 'MIRROR_DAMAGED'
  | 'MIRROR_FORMAT'
  | 'FORMAT_UNKNOWN'
  | 'FORMAT_UNRECOGNISED'
  | 'INPUT_BINARY'
  | 'CORPUS_SUSPECT'
  | 'FORMAT_USELESS'
  | 'COLUMN_MISSING'
  | 'LABEL_MISSING'
  | 'NOTHING_FOUND'
  | 'MEMORY_TOO_SMALL'
  | 'CHUNK_CORRUPT'
  | 'ARCHIVE_CORRUPT'
  | 'RECIPIENT_MALFORMED'
  | 'IDENTITY_MALFORMED'
  | 'IDENTITY_MISMATCH';

/** A corpus cannot be ingested. The dataset is unchanged. */
export class IngestError extends CredveilError<IngestErrorCode> {
  override name = 'IngestError';
}

/** Several texts of a corpus are refused. The message has all that the list has. */
export class TextsRefused extends IngestError {
  readonly headline: string;
  /** Each text with the reason. */
  readonly texts: readonly string[];

  constructor(headline: string, texts: readonly string[], hint: string) {
    super('FORMAT_UNRECOGNISED', `${headline}: ${texts.join('; ')}`, hint);
    this.headline = headline;
    this.texts = texts;
  }
}
