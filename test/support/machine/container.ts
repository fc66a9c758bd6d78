// deploy/Containerfile built by buildah, and its image run as compose runs it. Needs root, buildah,
// debootstrap.
//
// It needs no image registry: debootstrap's Debian with the running Node and npm replaces the base
// image. buildah's chroot isolation needs no container engine; processes share the host's network.

import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { npm, pack } from '../npm.ts';
import { root } from '../paths.ts';

const run = promisify(execFile);
const BASE = 'docker.io/library/node:24-bookworm-slim';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Debian as installed by debootstrap. The next `npm ci` deletes it. */
const CACHE = path.join(root, 'node_modules/.cache/container/bookworm');

export interface RunOptions {
  /** Host paths by container path. The suffix `:ro` of a container path makes it read-only. */
  readonly volumes?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningContainer {
  /** The first line of the container's standard output. */
  readonly firstLine: string;
  /** Sends SIGTERM to the container's first process. @returns its exit code */
  stop(): Promise<number | null>;
}

export interface Image {
  /** An empty folder that the image's user owns. */
  createVolume(name: string): string;
  /** Runs the entry point with arguments until it exits. @returns its standard output */
  run(args: readonly string[], options: RunOptions): Promise<string>;
  /** Runs any command in the image. */
  runCommand(command: readonly string[], options: RunOptions): Promise<string>;
  /** Starts the image's entry point with its default arguments. */
  start(options: RunOptions): Promise<RunningContainer>;
  dispose(): Promise<void>;
}

/** Builds the package and the image from it. */
export async function buildImage(): Promise<Image> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-container-'));
  const store = ['--root', path.join(home, 'storage'), '--runroot', path.join(home, 'run'), '--storage-driver', 'vfs'];
  const buildah = async (...args: string[]): Promise<string> =>
    (await run('buildah', [...store, ...args], { maxBuffer: 2 ** 26 })).stdout.trim();
  await buildBase(buildah);
  await bud(buildah, path.join(home, 'context'));
  const container = await buildah('from', '--pull-never', 'localhost/credveil');
  const { Entrypoint: entry, Cmd: command, User: user } = await inspect(buildah);
  const [uid, gid] = user.split(':').map(Number);
  const runArgs = ({ volumes = {}, environment = {} }: RunOptions, words: readonly string[]): string[] => [
    ...store,
    'run',
    '--isolation',
    'chroot',
    ...Object.entries(volumes).flatMap(([place, host]) => ['--volume', `${host}:${place}`]),
    ...Object.entries(environment).flatMap((variable) => ['--env', variable.join('=')]),
    container,
    '--',
    ...words,
  ];
  const runCommand: Image['runCommand'] = async (words, options) =>
    (await run('buildah', runArgs(options, words), { maxBuffer: 2 ** 26 })).stdout;
  return {
    createVolume(name) {
      const folder = path.join(home, name);
      fs.mkdirSync(folder);
      fs.chownSync(folder, uid as number, gid as number);
      return folder;
    },
    runCommand,
    run: (args, options) => runCommand([...entry, ...args], options),
    start: (options) => startContainer(runArgs(options, [...entry, ...command])),
    async dispose() {
      await buildah('rm', '--all');
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

type Buildah = (...args: string[]) => Promise<string>;

/**
 * The base image that the Containerfile names: Debian, Node, npm, and the certificates that this
 * machine trusts.
 */
async function buildBase(buildah: Buildah): Promise<void> {
  if (!fs.existsSync(CACHE)) {
    const partial = `${CACHE}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial, { recursive: true });
    await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', partial], {
      maxBuffer: 2 ** 26,
    });
    fs.renameSync(partial, CACHE);
  }
  const container = await buildah('from', 'scratch');
  const npmFolder = path.join((await npm(['root', '--global'], root)).trim(), 'npm');
  await buildah('add', '--quiet', container, CACHE, '/');
  await buildah('copy', '--quiet', container, process.execPath, '/usr/local/bin/node');
  await buildah('copy', '--quiet', container, npmFolder, '/usr/local/lib/node_modules/npm');
  await buildah('copy', '--quiet', container, CERTIFICATES, CERTIFICATES);
  await buildah('run', '--isolation', 'chroot', container, '--', ...LINK_NPM);
  await buildah('config', '--env', `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`, container);
  await buildah('commit', '--quiet', '--rm', container, BASE);
}

const LINK_NPM = ['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'];

/** Builds from a context with the package, the lock file and the Containerfile. */
async function bud(buildah: Buildah, context: string): Promise<void> {
  fs.mkdirSync(path.join(context, 'deploy'), { recursive: true });
  await pack(root, context);
  for (const name of ['.containerignore', 'package-lock.json', 'deploy/Containerfile'])
    fs.copyFileSync(path.join(root, name), path.join(context, name));
  const file = path.join(context, 'deploy/Containerfile');
  await buildah('bud', '--isolation', 'chroot', '--pull-never', '--file', file, '--tag', 'credveil', context);
}

interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly User: string;
}

async function inspect(buildah: Buildah): Promise<ImageConfig> {
  const json = await buildah('inspect', '--type', 'image', 'localhost/credveil');
  return (JSON.parse(json) as { OCIv1: { config: ImageConfig } }).OCIv1.config;
}

async function startContainer(args: readonly string[]): Promise<RunningContainer> {
  const child = spawn('buildah', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stderr: string[] = [];
  child.stderr.on('data', (block) => stderr.push(String(block)));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const firstLine = await Promise.race([
    new Promise<string>((resolve) => readline.createInterface({ input: child.stdout }).once('line', resolve)),
    ended.then(() => Promise.reject(new Error(`the container ended\n${stderr.join('')}`))),
  ]);
  return {
    firstLine,
    stop() {
      process.kill(findFirstProcess(child.pid as number), 'SIGTERM');
      return ended;
    },
  };
}

/**
 * The descendant of buildah that runs Node: the container's first process, whose children are the
 * workers.
 */
function findFirstProcess(ancestor: number): number {
  const tasks = `/proc/${ancestor}/task`;
  const [child] = fs
    .readdirSync(tasks)
    .flatMap((task) => fs.readFileSync(`${tasks}/${task}/children`, 'utf8').split(' '))
    .filter((pid) => pid.trim() !== '')
    .map(Number);
  if (child === undefined) throw new Error('the container runs no process');
  return path.basename(fs.readlinkSync(`/proc/${child}/exe`)) === 'node' ? child : findFirstProcess(child);
}
