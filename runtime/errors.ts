// The error of a server that cannot start. A client's error is a problem: http/problem.ts.

import { CredveilError } from '../protocol/errors.ts';

export type ServerErrorCode =
  | 'OPTION_OUT_OF_RANGE'
  | 'KEY_NOT_WANTED'
  | 'DATASET_REPEATED'
  | 'REUSE_PORT_UNSUPPORTED'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'ADDRESS_FORBIDDEN'
  | 'LISTEN_FAILED'
  | 'TLS_FILE_UNREADABLE'
  | 'TLS_FILES_INVALID'
  | 'TLS_CERTIFICATE_EXPIRED'
  | 'WORKER_DIED'
  | 'WORKER_NOT_STARTED'
  | 'CLIENTS_REQUIRED'
  | 'CLIENTS_MISSING';

/** The server was not started. Nothing listens and nothing is held open. */
export class ServerError extends CredveilError<ServerErrorCode> {
  override name = 'ServerError';
}

/** Names an error of `listen`. The hint names the flag of the address. */
export function listenError(
  cause: unknown,
  host: string,
  port: number,
  flag: '--listen' | '--metrics' = '--listen',
): ServerError {
  const place = `${host} port ${port}`;
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ServerError(
        'ADDRESS_IN_USE',
        `${place} is in use`,
        `Stop the process that listens there, or pass ${flag} with another port.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ServerError(
        'ADDRESS_NOT_AVAILABLE',
        `${host} is not an address of this machine`,
        `Pass ${flag} with 127.0.0.1, or with an address that this machine has.`,
        { cause },
      );
    case 'EACCES':
      return new ServerError(
        'ADDRESS_FORBIDDEN',
        `this user may not listen on ${place}`,
        `Pass ${flag} with a port from 1024 up, and put a reverse proxy in front for a lower one.`,
        { cause },
      );
    default:
      return new ServerError('LISTEN_FAILED', `listening on ${place} failed`, 'Check the cause.', { cause });
  }
}
