// @credveil/client as npm packs it, installed alone into an empty folder, like a user's
// `npm install`.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { npm, pack } from '../npm.ts';
import { root } from '../paths.ts';

const run = promisify(execFile);

export interface RunOptions {
  /** Sent to standard input as JSON. */
  readonly input?: unknown;
  /** Path of the Node binary. Default: the one that runs the tests. */
  readonly node?: string;
  readonly args?: readonly string[];
}

export interface InstalledClient {
  /** The folder with package.json and node_modules. */
  readonly folder: string;
  /** The folder of the installed package. */
  readonly home: string;
  /** Writes a module beside node_modules and runs it. @returns its output, parsed as JSON */
  runModule(text: string, options?: RunOptions): Promise<unknown>;
  /** Does the same with a CommonJS script. */
  runScript(text: string, options?: RunOptions): Promise<unknown>;
  write(name: string, text: string): string;
  dispose(): void;
}

/**
 * Packs the package from its sources and its dependencies from node_modules, so that npm downloads
 * nothing.
 */
export async function installClient(): Promise<InstalledClient> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-installed-'));
  // A copy of the sources, since two builds in one folder would disturb each other. It is below the
  // root, where tsc finds types.
  fs.mkdirSync(path.join(root, '.tmp'), { recursive: true });
  const sources = fs.mkdtempSync(path.join(root, '.tmp', 'pack-'));
  try {
    for (const name of ['client-sdk', 'protocol', 'accel', 'scripts/build-client-commonjs.ts', 'tsconfig.json'])
      fs.cpSync(path.join(root, name), path.join(sources, name), {
        recursive: true,
        filter: (file) => !/[\\/](node_modules|dist)$/.test(file),
      });
    const tarballs = [
      await pack(path.join(sources, 'client-sdk'), folder),
      await pack(path.join(root, 'node_modules/@noble/curves'), folder, '--ignore-scripts'),
      await pack(path.join(root, 'node_modules/@noble/hashes'), folder, '--ignore-scripts'),
    ];
    fs.writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
    );
    await npm(['install', ...tarballs, '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  } finally {
    fs.rmSync(sources, { recursive: true, force: true });
  }
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text);
    return file;
  };
  let programs = 0;
  const runAs =
    (extension: 'mjs' | 'cjs') =>
    async (text: string, { input, node = process.execPath, args = [] }: RunOptions = {}): Promise<unknown> => {
      const file = write(`program-${++programs}.${extension}`, text);
      const running = run(node, [...args, file], { cwd: folder });
      running.child.stdin?.end(JSON.stringify(input ?? null));
      return JSON.parse((await running).stdout);
    };
  return {
    folder,
    home: path.join(folder, 'node_modules/@credveil/client'),
    write,
    runModule: runAs('mjs'),
    runScript: runAs('cjs'),
    dispose: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
