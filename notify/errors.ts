// The error class of notify/.

import { CredveilError } from '../protocol/errors.ts';

export type NotifyErrorCode =
  | 'OUTBOX_MISSING'
  | 'OUTBOX_UNWRITABLE'
  | 'OUTBOX_CORRUPT'
  | 'OUTBOX_BUSY'
  | 'OUTBOX_FULL'
  | 'EVENTS_NOT_SENT'
  | 'SINK_MALFORMED'
  | 'SINK_UNREADABLE'
  | 'SECRET_EXPOSED'
  | 'SECRET_MALFORMED';

/** Events cannot be kept, or a sink is set up wrong. Events that were committed stay so. */
export class NotifyError extends CredveilError<NotifyErrorCode> {
  override name = 'NotifyError';
}
