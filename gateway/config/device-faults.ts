// What policies ask of certificates and places that the configuration does not let anybody know.

import type { SelectorConfig } from '../identity/policies/policy-schema.ts';
import { lettersOf } from '../request/reserved-names.ts';
import { listFault } from './access-faults.ts';
import type { Conflict, Path } from './fault.ts';
import type { AppConfig, GatewayConfig } from './schema.ts';

export const deviceFaults = (config: GatewayConfig): Conflict[] => [...headerFaults(config), ...selectorFaults(config)];

/** Who reads a header has to know whose it is. */
function headerFaults({ devices, trustedProxies, apps }: GatewayConfig): Conflict[] {
  const { clientCert, caFile } = devices;
  const fault = (key: string, message: string): Conflict => ({ path: ['devices', key], message });
  if (!clientCert)
    return caFile === undefined
      ? []
      : [fault('caFile', 'needs clientCert: header; CAs of connections are in clientCertificates')];
  const kept = Object.entries(apps).flatMap(([name, { keep }]) =>
    keep
      .filter((each) => /^clientcert(?:chain)?$/.test(lettersOf(each)))
      .map(
        (): Conflict => ({
          path: ['apps', name, 'keep'],
          message: 'has Client-Cert, which devices.clientCert reads, so that clients could send it',
        }),
      ),
  );
  return [
    ...(caFile === undefined ? [fault('clientCert', 'needs caFile, the CAs of these certificates')] : []),
    ...(trustedProxies.length === 0 ? [fault('clientCert', 'needs trustedProxies, who may tell them')] : []),
    ...kept,
  ];
}

const selectorFaults = (config: GatewayConfig): Conflict[] =>
  Object.entries(config.apps).flatMap(([name, app]) =>
    placed(app, ['apps', name, 'access', 'policies']).flatMap(({ selector, path }) => [
      ...certificateFaults(selector, path, app, config),
      ...geoFaults(selector, path, config),
    ]),
  );

interface Placed {
  readonly selector: SelectorConfig;
  readonly path: Path;
}

const placed = ({ access }: AppConfig, path: Path): Placed[] =>
  (access?.policies ?? []).flatMap((policy, i) =>
    (['include', 'require', 'exclude'] as const).flatMap((part) =>
      policy[part].map((selector, place) => ({ selector, path: [...path, i, part, place] })),
    ),
  );

function certificateFaults(
  { certificate, device }: SelectorConfig,
  path: Path,
  app: AppConfig,
  config: GatewayConfig,
): Conflict[] {
  if (certificate === undefined && device === undefined) return [];
  const place = [...path, device ? 'device' : 'certificate'];
  const ofLists = (device ?? []).flatMap((name) => listFault(name.slice(1), config.lists, place, 'serial'));
  return [...ofLists, ...unseen(place, app, config)];
}

/** A selector that nobody can judge would refuse everybody, or, in `exclude`, nobody. */
function unseen(path: Path, { tls: own }: AppConfig, { tls = own, forwardAuth, devices }: GatewayConfig): Conflict[] {
  if (devices.clientCert) return [];
  if (forwardAuth)
    return [
      {
        path,
        message: 'cannot be judged: a proxy that asks (forwardAuth) shows no certificate',
        hint: 'Let it send Client-Cert, and set devices.clientCert; or remove forwardAuth.',
      },
    ];
  if ((own ?? tls)?.clientCertificates) return [];
  return [
    {
      path,
      message: 'cannot be judged: nothing asks clients for a certificate',
      hint: 'Add clientCertificates with caFile to the tls of this application.',
    },
  ];
}

function geoFaults({ country, asn }: SelectorConfig, path: Path, { geo }: GatewayConfig): Conflict[] {
  const missing = (key: string, file: string): Conflict => ({
    path: [...path, key],
    message: `cannot be judged without geo.${file}`,
    hint: 'Name a file in the format of MaxMind (.mmdb).',
  });
  return [
    ...(country !== undefined && geo?.countryFile === undefined ? [missing('country', 'countryFile')] : []),
    ...(asn !== undefined && geo?.asnFile === undefined ? [missing('asn', 'asnFile')] : []),
  ];
}
