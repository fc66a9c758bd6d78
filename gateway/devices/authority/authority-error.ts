// What can be wrong with a CA of devices, or with what is asked of it.

import { CredveilError } from '../../../protocol/errors.ts';

export type AuthorityErrorCode =
  | 'CA_UNREADABLE'
  | 'CA_UNWRITABLE'
  | 'CA_KEY_LOCKED'
  | 'CA_EXPOSED'
  | 'CA_FOREIGN'
  | 'REQUEST_UNUSABLE';

export class AuthorityError extends CredveilError<AuthorityErrorCode> {
  override name = 'AuthorityError';
}
