// npm for tests: packing, installing, and other versions of Node.

import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs the npm that runs the tests, or the one on the path. @returns its standard output */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const script = process.env.npm_execpath;
  const [command, ...before] = script ? [process.execPath, script] : ['npm'];
  return (await run(command as string, [...before, ...args], { cwd, maxBuffer: 2 ** 24 })).stdout;
}

/** Packs a folder. @returns `./` and the name of the tarball in `into` */
export async function pack(folder: string, into: string, ...args: string[]): Promise<string> {
  const stdout = await npm(['pack', '--json', '--pack-destination', into, ...args], folder);
  // A build prints lines before npm's JSON.
  const [packed] = Object.values(
    JSON.parse(stdout.slice(stdout.search(/^[[{]$/m))) as { [at: string]: { filename: string } },
  );
  if (!packed) throw new Error('npm pack made no tarball');
  return `./${packed.filename}`;
}

/**
 * Installs a version of Node from the npm registry into a new folder.
 * @param version a version or range, such as `22` or `22.21.0`
 * @returns the path of its binary
 */
export async function installNode(version: string, folder: string): Promise<string> {
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  // The platform's package contains the binary, so no script has to run.
  const name = `node-${process.platform}-${process.arch}`;
  await npm(['install', `${name}@${version}`, '--ignore-scripts', '--no-audit', '--no-fund'], folder).catch(
    (cause: unknown) => {
      throw new Error(`${name}@${version} cannot be installed: this test needs the npm registry`, { cause });
    },
  );
  return path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}
