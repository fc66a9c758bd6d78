// npm run faults [-- --kills N --failures N --seed S]: kills ingest and publish at random moments,
// and makes their disk fail; archives and replaced sources too. Afterwards the same command must
// complete, `verify` must pass, and the dataset must equal an undisturbed one byte for byte, but
// for what names the time of publication and the encryption of archives.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { bin, createWorkPlace, credveil, filesBelow, type Outcome } from '../test/support/credveil.ts';
import { comboText, seededPairs } from '../test/support/dataset.ts';
import { createRandom, type Random } from '../test/support/random.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    failures: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const kills = Number(values.kills);
const failures = Number(values.failures);
const seed = Number(values.seed);
const LANES = 2;
/** Kills per dataset before the command may complete: progress must survive more than one. */
const MAX_KILLS_A_ROUND = 6;
const FAULTS = ['ENOSPC', 'EIO', 'short', 'limit'] as const;

const place = createWorkPlace();
const identity = await generateX25519Identity();
const preload = new URL('../test/support/programs/failing-disk.ts', import.meta.url).href;

/** A dataset before the command, the command, and its expected result. */
interface Scene {
  readonly name: string;
  readonly template: string;
  readonly expected: ReadonlyMap<string, Buffer>;
  /** Duration of the undisturbed command, from start to exit. */
  readonly milliseconds: number;
  args(dataset: string): string[];
}

/** Members of the facts that follow from the runs alone. */
const MADE = ['layer', 'layers', 'indexes', 'similar', 'filter', 'sources', 'canary', 'files', 'parts'] as const;

/**
 * All files of a dataset that are not hidden. Those of the current snapshot have the name
 * `current`, since a publication that was killed leaves a gap in the sequence. Its statement and
 * head name the time: `verify` checks them. Archives count in plain, since each is encrypted anew.
 */
async function contentOf(dataset: string): Promise<Map<string, Buffer>> {
  const files = new Map(filesBelow(dataset).map(({ name, bytes }) => [name, bytes]));
  const [current] = (files.get('CURRENT') as Buffer).toString().split(' ') as [string];
  const content = new Map<string, Buffer>();
  for (const [name, bytes] of files) {
    const { name: base, ext } = path.parse(name);
    const isCurrent = name.startsWith('snapshots/') && base === current;
    if (name.startsWith('lock.sqlite') || name === 'CURRENT') continue;
    if (isCurrent && (ext === '.head' || ext === '.statement')) continue;
    if (name.startsWith('archives/')) content.set(name, await decrypted(bytes));
    else
      content.set(
        isCurrent ? `snapshots/current${ext}` : name,
        isCurrent && ext === '.json' ? madeFacts(bytes, current) : bytes,
      );
  }
  return content;
}

async function decrypted(archive: Buffer): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return zlib.zstdDecompressSync(await decrypter.decrypt(archive));
}

/** @param current the name of the snapshot, which a layer that was made for it has too */
function madeFacts(bytes: Buffer, current: string): Buffer {
  const facts = JSON.parse(bytes.toString(), (member, value) =>
    member === 'name' && value === current ? 'current' : value,
  ) as { [member: string]: unknown };
  return Buffer.from(JSON.stringify(MADE.map((member) => facts[member])));
}

function difference(expected: ReadonlyMap<string, Buffer>, found: ReadonlyMap<string, Buffer>): string | undefined {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const [right, wrong] = [expected.get(name), found.get(name)];
    if (!wrong) return `${name} is missing`;
    if (!right) return `${name} should not be there`;
    if (!right.equals(wrong)) return `${name} has other bytes`;
  }
  return undefined;
}

async function succeed(args: readonly string[]): Promise<void> {
  const { code, stderr } = await credveil(args);
  if (code !== 0) throw new Error(`credveil ${args[0]}: exit code ${code}\n${stderr}`);
}

async function createScene(name: string, template: string, args: Scene['args']): Promise<Scene> {
  const copy = place.at(`${name}-undisturbed`);
  fs.cpSync(template, copy, { recursive: true });
  const started = performance.now();
  await succeed(args(copy));
  const milliseconds = performance.now() - started;
  return { name, template, expected: await contentOf(copy), milliseconds, args };
}

async function createScenes(): Promise<Scene[]> {
  const text = (pairs: number, from: number): string => comboText(seededPairs(pairs, from));
  const first = place.write('first.txt', text(5_000, 1));
  const second = place.write('second.txt', text(50_000, 2));
  const key = ['--key-file', place.at('dataset.key')];
  const template = place.at('dataset');
  await succeed(['init', template, '--suite', 'hmac', '--index', 'account,password']);
  await succeed(['ingest', template, first, '--source', 'first', ...key]);
  const third = place.write('third.txt', text(40_000, 3));
  const recipient = await identityToRecipient(identity);
  const identityFile = place.write('identity.txt', `${identity}\n`);
  fs.chmodSync(identityFile, 0o600);
  /** A copy of the template after a further ingest. */
  const after = async (name: string, ...more: string[]): Promise<string> => {
    const copy = place.at(name);
    fs.cpSync(template, copy, { recursive: true });
    await succeed(['ingest', copy, second, '--source', 'second', ...more, ...key]);
    return copy;
  };
  const unpublished = await after('unpublished', '--no-publish');
  const published = await after('published');
  const added = place.at('added');
  fs.cpSync(published, added, { recursive: true });
  const few = place.write('few.txt', text(2_000, 4));
  await succeed(['ingest', added, few, '--source', 'few', '--no-publish', ...key]);
  const archived = await after('archived', '--archive', recipient);
  const archive = place.at('second.age');
  const [kept] = fs.globSync('archives/*', { cwd: archived });
  fs.copyFileSync(path.join(archived, kept as string), archive);
  const work = ['--threads', '2', '--memory', '320MiB', ...key];
  return [
    await createScene('ingest', template, (dataset) => ['ingest', dataset, second, '--source', 'second', ...work]),
    await createScene('publish on threads', unpublished, (dataset) => ['publish', dataset, '--threads', '2', ...key]),
    await createScene('publish of what was added', added, (dataset) => ['publish', dataset, '--delta', ...key]),
    await createScene('archive', template, (dataset) => [
      ...['ingest', dataset, second, '--source', 'second', '--archive', recipient, ...work],
    ]),
    await createScene('from archive', template, (dataset) => [
      ...['ingest', dataset, '--from-archive', archive, '--identity', identityFile, ...work],
    ]),
    await createScene('replace', published, (dataset) => ['ingest', dataset, third, '--replace', 'second', ...work]),
    await createScene('replace with archive', archived, (dataset) => [
      ...['ingest', dataset, third, '--replace', 'second', '--archive', recipient, ...work],
    ]),
  ];
}

interface Disturbed {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly killAfter?: number;
}

/** Runs a command until it exits or is killed. */
async function disturb({ command, args, env = {}, killAfter }: Disturbed): Promise<Outcome> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let stderr = '';
  child.stderr.on('data', (block) => {
    stderr += String(block);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  if (killAfter !== undefined) {
    await Promise.race([sleep(killAfter), ended]);
    child.kill('SIGKILL');
  }
  return { code: await ended, stdout: '', stderr };
}

const counts = { kills: 0, late: 0, failures: 0, unreached: 0, resumed: 0 };

/** Runs the command again and compares its result. */
async function complete(scene: Scene, dataset: string): Promise<void> {
  if (fs.existsSync(path.join(dataset, 'work', 'ingest', '000000-0.account'))) counts.resumed++;
  await succeed(scene.args(dataset));
  const wrong = difference(scene.expected, await contentOf(dataset));
  if (wrong !== undefined) throw new Error(wrong);
  await succeed(['verify', dataset, '--key-file', place.at('dataset.key')]);
}

async function killRound(scene: Scene, dataset: string, random: Random): Promise<void> {
  for (let left = 1 + random.below(MAX_KILLS_A_ROUND); left > 0; left--) {
    const killAfter = random.below(Math.ceil(1.1 * scene.milliseconds));
    const { code } = await disturb({ command: process.execPath, args: [bin, ...scene.args(dataset)], killAfter });
    if (code === null) counts.kills++;
    else counts.late++;
    if (code === null) continue;
    if (code !== 0) throw new Error(`exit code ${code} of an undisturbed command`);
    break;
  }
}

async function failureRound(scene: Scene, dataset: string, random: Random): Promise<void> {
  const fault = random.pick(FAULTS);
  const args = [bin, ...scene.args(dataset)];
  // A kernel limit in KiB per file, which SQLite hits too.
  const script = `ulimit -f ${1 + random.below(3000)}; exec "$0" "$@"`;
  const disturbed: Disturbed =
    fault === 'limit'
      ? { command: 'bash', args: ['-c', script, process.execPath, ...args] }
      : {
          command: process.execPath,
          args: ['--import', preload, ...args],
          env: { CREDVEIL_FAULT: `${fault} ${random.below(random.pick([4, 12, 40]))}` },
        };
  const { code, stderr } = await disturb(disturbed);
  if (code === 0) {
    if (fault === 'short') counts.failures++;
    else counts.unreached++;
    return;
  }
  const isReported = /error (ENOSPC|EIO|EFBIG|SQLITE_\w+):/.test(stderr);
  if (fault === 'short' || code !== 1 || !isReported) throw new Error(`${fault}: exit code ${code}\n${stderr}`);
  counts.failures++;
}

async function lane(scenes: readonly Scene[], number: number): Promise<void> {
  for (let round = number; counts.kills < kills || counts.failures < failures; round += LANES) {
    const random = createRandom(seed * 1_000_003 + round);
    const scene = random.pick(scenes);
    const dataset = place.at(`round-${round}`);
    fs.cpSync(scene.template, dataset, { recursive: true });
    const killing = counts.failures >= failures || (counts.kills < kills && random.below(2) === 0);
    try {
      if (killing) await killRound(scene, dataset, random);
      else await failureRound(scene, dataset, random);
      await complete(scene, dataset);
    } catch (cause) {
      throw new Error(`--seed ${seed}, round ${round}, ${scene.name}, ${killing ? 'kill' : 'disk failure'}`, { cause });
    }
    fs.rmSync(dataset, { recursive: true, force: true });
  }
}

console.log(`npm run faults -- --kills ${kills} --failures ${failures} --seed ${seed}`);
const started = performance.now();
try {
  const scenes = await createScenes();
  for (const { name, milliseconds } of scenes) console.log(`${name} undisturbed: ${Math.round(milliseconds)} ms`);
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(scenes, number)));
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${counts.kills} kills (${counts.late} came too late), ${counts.failures} disk failures (${counts.unreached} not reached)`,
  );
  console.log(`ingests resumed from finished segments: ${counts.resumed}`);
  console.log(`every dataset equals an undisturbed one; ${seconds} s`);
} finally {
  place.dispose();
}
