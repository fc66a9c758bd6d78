// The files of a connection to an application: its CA, and the certificate that the gateway shows.

import { createSecureContext } from 'node:tls';
import { readPem, tlsError } from '../../runtime/tls.ts';
import type { AppConfig } from '../config/schema.ts';

export interface OriginFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** @throws ServerError `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID` */
export function readOriginFiles({ caFile, certFile, keyFile }: AppConfig['upstream']): OriginFiles {
  const files: OriginFiles = {
    ...(caFile !== undefined && { ca: readPem(caFile) }),
    ...(certFile !== undefined && { cert: readPem(certFile) }),
    ...(keyFile !== undefined && { key: readPem(keyFile) }),
  };
  try {
    createSecureContext(files);
  } catch (cause) {
    throw tlsError('TLS_FILES_INVALID', 'certificate, private key and CA of an upstream do not match', cause);
  }
  return files;
}
