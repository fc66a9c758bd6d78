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
  | 'GEO_FILE_UNREADABLE'
  | 'CRL_UNUSABLE'
  | 'TLS_FILES_INVALID'
  | 'TLS_CERTIFICATE_EXPIRED'
  | 'WORKER_DIED'
  | 'WORKER_NOT_STARTED'
  | 'CLIENTS_REQUIRED'
  | 'CLIENTS_MISSING'
  | 'HOLD_UNTESTED';

/** The server was not started. Nothing listens and nothing is held open. */
export class ServerError extends CredveilError<ServerErrorCode> {
  override name = 'ServerError';
}

/** What sets an address: a flag, or a key of a configuration. */
export type ListenSetting = '--listen' | '--metrics' | 'listen' | 'metrics' | 'forwardAuth.listen' | 'admin.page';

/** Names an error of `listen`. The hint names what sets the address. */
export function listenError(
  cause: unknown,
  host: string,
  port: number,
  setting: ListenSetting = '--listen',
): ServerError {
  const place = `${host} port ${port}`;
  const isFlag = setting.startsWith('--');
  const change = isFlag ? `pass ${setting} with` : `set ${setting} to`;
  const Change = `${change.charAt(0).toUpperCase()}${change.slice(1)}`;
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ServerError(
        'ADDRESS_IN_USE',
        `${place} is in use`,
        `Stop the process that listens there, or ${change} another port.`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ServerError(
        'ADDRESS_NOT_AVAILABLE',
        `${host} is not an address of this machine`,
        `${Change} 127.0.0.1, or ${isFlag ? 'with ' : ''}an address that this machine has.`,
        { cause },
      );
    case 'EACCES': {
      const other = isFlag
        ? 'and put a reverse proxy in front for a lower one'
        : 'or start it with the capability CAP_NET_BIND_SERVICE, as deploy/credveil-gateway.service does';
      return new ServerError(
        'ADDRESS_FORBIDDEN',
        `this user may not listen on ${place}`,
        `${Change} a port from 1024 up, ${other}.`,
        { cause },
      );
    }
    default:
      return new ServerError('LISTEN_FAILED', `listening on ${place} failed`, 'Check the cause.', { cause });
  }
}
