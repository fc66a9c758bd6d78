// Factors that the configuration asks for and cannot have.

import type { FactorLevel } from '../factors/factor-schema.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export const factorFaults = (config: GatewayConfig): Conflict[] => [...ofAll(config), ...ofApps(config)];

function ofAll({ factors, identity, mail }: GatewayConfig): Conflict[] {
  const path = ['factors'];
  const conflicts: Conflict[] = [];
  if (factors.methods && Object.keys(identity).length === 0)
    conflicts.push({ path, message: 'needs identity: nobody signs in', hint: 'Add a provider to identity.' });
  if (factors.aaguids && factors.attestationFile === undefined)
    conflicts.push({
      path: [...path, 'aaguids'],
      message: 'needs attestationFile: without it an authenticator says of itself what it likes',
      hint: 'Add the certificates of its maker, in PEM.',
    });
  if (factors.enrolByMail && !mail)
    conflicts.push({ path: [...path, 'enrolByMail'], message: 'needs mail', hint: 'Add mail with smtp and from.' });
  return conflicts;
}

/** Where it is said how often, and nowhere what. */
function ofApps({ apps, factors, identity }: GatewayConfig): Conflict[] {
  const hasPeople = Object.keys(identity).length > 0;
  return Object.entries(apps).flatMap(([name, { access }]): Conflict[] => {
    if (!access) return [];
    const at: Path = ['apps', name, 'access'];
    const conflicts: Conflict[] = [];
    const hasMethods = (level: FactorLevel | undefined): boolean => typeof level === 'object' && !!level.methods;
    const check = (path: Path, level: FactorLevel | undefined, isSaidAbove: boolean): void => {
      if (level === undefined || level === 'off') return;
      if (!hasPeople) conflicts.push({ path, message: 'needs identity: nobody signs in' });
      if (!level.methods && !isSaidAbove)
        conflicts.push({ path, message: 'needs methods, which are said nowhere above', hint: 'Add methods: [totp].' });
    };
    const isSaid = factors.methods !== undefined;
    const isSaidHere = isSaid || hasMethods(access.factors);
    check(
      [...at, 'factors'],
      access.factors,
      isSaid || typeof access.factors !== 'object' || hasPathsAlone(access.factors),
    );
    for (const [i, { action, factors: own }] of access.policies.entries()) {
      const path = [...at, 'policies', i, 'factors'];
      check(path, own, isSaidHere);
      if (own !== undefined && action !== 'allow')
        conflicts.push({ path, message: 'is of policies that allow: nobody else shows a factor' });
    }
    if (typeof access.factors === 'object')
      for (const [path, own] of Object.entries(access.factors.paths ?? {}))
        check([...at, 'factors', 'paths', path], own, isSaidHere);
    return conflicts;
  });
}

/** Nothing is asked but at some paths. */
const hasPathsAlone = ({ every, paths }: { readonly every?: unknown; readonly paths?: unknown }): boolean =>
  every === undefined && paths !== undefined;
