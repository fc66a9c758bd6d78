// The error class of match/.

import { CredveilError } from '../protocol/errors.ts';

export type MatchErrorCode =
  | 'HASH_FORMAT_MALFORMED'
  | 'PEPPER_UNREADABLE'
  | 'PASSWORD_UNREADABLE'
  | 'CLIENT_MISSING'
  | 'USERS_UNREADABLE'
  | 'USERS_UNRECOGNISED'
  | 'USERS_COLUMN_MISSING'
  | 'USERS_COLUMN_AMBIGUOUS'
  | 'USERS_TABLE_AMBIGUOUS'
  | 'USERS_EMPTY'
  | 'USERS_UNVERIFIABLE'
  | 'AGAINST_EMPTY'
  | 'SOURCE_DATE'
  | 'STATE_UNUSABLE'
  | 'STATE_BUSY'
  | 'STATE_CORRUPT'
  | 'TAGS_UNREADABLE'
  | 'OUTPUT_EXISTS'
  | 'OUTPUT_UNWRITABLE';

/** Users cannot be matched. Nothing that was found before is lost. */
export class MatchError extends CredveilError<MatchErrorCode> {
  override name = 'MatchError';
}
