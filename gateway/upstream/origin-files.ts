// The files of a connection to an application: its CA, and the certificate that the gateway shows.

import { createSecureContext } from 'node:tls';
import { readPem, tlsError } from '../../runtime/tls.ts';

export interface OriginFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Paths. */
interface OriginFileNames {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** @throws ServerError `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID` */
export function readOriginFiles({ caFile, certFile, keyFile }: OriginFileNames): OriginFiles {
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
