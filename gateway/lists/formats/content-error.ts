// The error of content that was read and is no list.

import { CredveilError } from '../../../protocol/errors.ts';

export type ContentErrorCode =
  | 'GZIP_DAMAGED'
  | 'CONTENT_TOO_LONG'
  | 'FORMAT_UNKNOWN'
  | 'LINES_UNREADABLE'
  | 'LIST_EMPTY'
  | 'ONLY_PRIVATE'
  | 'TOO_MANY_ENTRIES';

/** The list stays as it was. The message describes the content and repeats none of it. */
export class ContentError extends CredveilError<ContentErrorCode> {
  override name = 'ContentError';
}
