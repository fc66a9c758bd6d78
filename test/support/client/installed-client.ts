// The built client, installed in its own folder below the root for applications to import.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../paths.ts';

export interface InstalledClient {
  /** Applications below it import `@credveil/client` and the root's packages. */
  readonly home: string;
  dispose(): void;
}

export async function installClient(): Promise<InstalledClient> {
  fs.mkdirSync(path.join(root, '.tmp'), { recursive: true });
  const home = fs.mkdtempSync(path.join(root, '.tmp', 'installed-'));
  const installed = path.join(home, 'node_modules/@credveil/client');
  fs.mkdirSync(installed, { recursive: true });
  fs.copyFileSync(path.join(root, 'client-sdk/package.json'), path.join(installed, 'package.json'));
  const project = path.join(root, 'client-sdk/tsconfig.build.json');
  const tsc = path.join(root, 'node_modules/.bin/tsc');
  await promisify(execFile)(tsc, ['-p', project, '--outDir', path.join(installed, 'dist')]);
  return { home, dispose: () => fs.rmSync(home, { recursive: true, force: true }) };
}
