// Applications as a command line or a file names them.

import { nearest } from '../../runtime/config/nearest.ts';
import { UsageError } from '../exit.ts';

const MAX_LISTED = 20;

/**
 * A host that a wildcard of the configuration covers is known too.
 * @param apps as the configuration calls them
 * @throws UsageError that says which there are
 */
export function assertKnownApp(app: string, apps: readonly string[]): void {
  if (!isKnownApp(app, apps)) throw unknownApp(app, apps);
}

export const isKnownApp = (app: string, apps: readonly string[]): boolean => apps.some((name) => covers(name, app));

export function unknownApp(app: string, apps: readonly string[]): UsageError {
  const meant = nearest(app, apps);
  const listed = apps.slice(0, MAX_LISTED).join(', ') + (apps.length > MAX_LISTED ? ', …' : '');
  return new UsageError(
    `the configuration has no application ${app}`,
    `${meant === undefined ? '' : `Did you mean ${meant}? `}It has: ${listed}.`,
  );
}

function covers(name: string, app: string): boolean {
  if (name === app || name === '*') return true;
  return name.startsWith('*.') && !app.includes('/') && app.endsWith(name.slice(1));
}
