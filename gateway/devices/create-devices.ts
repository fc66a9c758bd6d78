// What a configuration knows of devices.

import type { X509Certificate } from 'node:crypto';
import type { OnEvent } from '../../runtime/events.ts';
import { readPem } from '../../runtime/tls.ts';
import type { AddressRange } from '../addresses/network.ts';
import { readCertificates } from './certificate/pem.ts';
import type { DevicesConfig } from './device-schema.ts';
import { Devices } from './devices.ts';
import { ClientCertHeader } from './header/client-cert.ts';
import { Revocations } from './revocation/revocations.ts';
import { revokedFolder } from './revocation/revoked-folder.ts';

interface Asks {
  readonly clientCertificates?: { readonly caFile: string } | undefined;
}

export interface DevicesSetup {
  readonly config: {
    readonly tls?: Asks | undefined;
    readonly apps: { readonly [name: string]: { readonly tls?: Asks | undefined } };
    readonly devices: DevicesConfig;
    readonly stateDirectory?: string | undefined;
  };
  readonly trustedProxies: readonly AddressRange[];
  readonly onEvent: OnEvent;
}

/**
 * Holds nothing open until it is started.
 * @throws ServerError `CRL_UNUSABLE`, `TLS_FILE_UNREADABLE`
 */
export function createDevices({ config, trustedProxies, onEvent }: DevicesSetup): Devices {
  const { tls, apps, devices, stateDirectory } = config;
  const caFiles = new Set(
    [tls, ...Object.values(apps).map((app) => app.tls)].flatMap((each) => each?.clientCertificates?.caFile ?? []),
  );
  const { clientCert, caFile } = devices;
  const header = clientCert && caFile !== undefined ? new ClientCertHeader(caFile) : undefined;
  if (header && caFile !== undefined) caFiles.add(caFile);
  if (caFiles.size === 0) return new Devices({ trustedProxies, revocations: undefined });
  const revocations = new Revocations({
    folder: stateDirectory === undefined ? undefined : revokedFolder(stateDirectory),
    crlFiles: devices.crlFiles,
    cas: () => [...caFiles].flatMap((file): X509Certificate[] => readCertificates(readPem(file).toString())),
    onEvent,
  });
  return new Devices({ trustedProxies, revocations, header });
}
