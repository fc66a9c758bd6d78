// That holding back was tested with an application: a file in `stateDirectory` for each
// configuration that passed, since another one may hold nothing.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ServerError } from '../../runtime/errors.ts';

interface TestedConfig {
  readonly stateDirectory?: string | undefined;
  readonly apps: { readonly [name: string]: TestedApp };
}

interface TestedApp {
  readonly to?: string | undefined;
  readonly login?: { readonly hold?: object | undefined } | undefined;
}

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const FOLDER = 'hold-tests';

/** Of all that the test depends on. */
const digestOf = (name: string, { to, login }: TestedApp): string =>
  createHash('sha256')
    .update(JSON.stringify([name, to, login]))
    .digest('base64url');

const fileOf = (folder: string, name: string, app: TestedApp): string =>
  path.join(folder, FOLDER, `${digestOf(name, app)}.json`);

/** @throws ServerError `HOLD_UNTESTED` for the first application whose test did not pass */
export function assertHoldsTested({ apps, stateDirectory = '.' }: TestedConfig): void {
  for (const [name, app] of Object.entries(apps)) {
    if (!app.login?.hold || fs.existsSync(fileOf(stateDirectory, name, app))) continue;
    throw new ServerError(
      'HOLD_UNTESTED',
      `apps.${name}.login.hold: this configuration was not tested, and may hold nothing`,
      `Run with a test account: credveil gateway quarantine test '${name}' --config FILE < account.yaml`,
    );
  }
}

/** @throws Error of the platform */
export function keepTested(name: string, { apps, stateDirectory = '.' }: TestedConfig, now: Date): void {
  const app = apps[name];
  if (!app) return;
  const file = fileOf(stateDirectory, name, app);
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
  const aside = `${file}.${process.pid}`;
  fs.writeFileSync(aside, JSON.stringify({ v: 1, app: name, testedAt: now.toISOString() }), { mode: PRIVATE_FILE });
  fs.renameSync(aside, file);
}
