// What policies ask of certificates and places that the configuration does not let anybody know.

import type { SelectorConfig } from '../identity/policies/policy-schema.ts';
import { listFault } from './access-faults.ts';
import type { Conflict, Path } from './fault.ts';
import type { AppConfig, GatewayConfig } from './schema.ts';

export const deviceFaults = (config: GatewayConfig): Conflict[] =>
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
function unseen(path: Path, { tls: own }: AppConfig, { tls = own, forwardAuth }: GatewayConfig): Conflict[] {
  if (forwardAuth)
    return [
      {
        path,
        message: 'cannot be judged: a proxy that asks (forwardAuth) shows no certificate',
        hint: 'Let the gateway itself stand before the application: remove forwardAuth.',
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
