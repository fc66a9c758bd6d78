// Snapshots of more entries than fit on this machine's disk: one of 256 parts is merged, encoded
// and written for real, into a file of slots that is as long as that of all parts and sparse
// elsewhere. Facts and statement are those of all parts, as if each were like this one.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createKernelPads } from '../../accel/pad-kernel.ts';
import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix } from '../../protocol/bucket-id.ts';
import { longestBody, slotFileBytes } from '../../protocol/snapshot/slots.ts';
import { type Dataset, openDataset } from '../../store/dataset.ts';
import { writeFileAtomically } from '../../store/files.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { preparePartSource } from '../../store/run/part-streams.ts';
import { openRun, runPath } from '../../store/run/run.ts';
import { publishingAuthority } from '../../store/snapshot/authority.ts';
import { factsPath, openPublishedFacts, writeCurrent } from '../../store/snapshot/current.ts';
import { countParts, DIGEST_BYTES } from '../../store/snapshot/layout/parted-file.ts';
import { createSlots, writeSlots } from '../../store/snapshot/layout/slot-writer.ts';
import type { IndexFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { snapshotFile } from '../../store/snapshot/layout/snapshot-files.ts';
import { type BucketTally, describeIndex } from '../../store/snapshot/parts/bucket-tally.ts';
import { idsOf, type Part } from '../../store/snapshot/parts/part.ts';
import { type EncodedPart, type EncodeTask, PartWork } from '../../store/snapshot/parts/part-work.ts';
import { choosePrefixBits } from '../../store/snapshot/publication.ts';
import { writeStated } from '../../store/snapshot/stated-facts.ts';
import { credveil, type GrowthDataset, MOST_PATHS, writeUsers } from './growth-dataset.ts';
import { PARTS, writePartRun } from './part-run.ts';

/** The part whose buckets are served. */
const SERVED = 128;
/** A part of an index of so many entries is encoded before those that are measured. */
const [WARMED, WARM_UP] = [9, 1_000_000_000];
/** Others, to show that one stands for all: their cost is to be the same. */
const OTHERS = [37, 201];
/** Of those, if each of them is merged in a minute. */
const MOST_OTHERS = 2 ** 26;
const PART_BITS = Math.log2(PARTS);
const NAME = '000002';

export interface PartFigures {
  /** Records merged and encoded in a second of processor time, by part: the served one first. */
  readonly recordsPerSecond: readonly number[];
  readonly records: number;
  readonly bytesPerEntry: number;
  /** Of all parts. */
  readonly snapshotBytes: number;
  readonly prefixBits: number;
}

export interface OnePart extends GrowthDataset {
  readonly figures: PartFigures;
}

/** Publishes one part of an account index of so many entries, unless the folder has it already. */
export async function growOnePart(home: string, entries: number): Promise<OnePart> {
  const folder = path.join(home, `part-${entries}`);
  const [paths, kept] = [`${folder}.paths`, `${folder}.figures`];
  if (!fs.existsSync(kept)) {
    for (const left of [folder, `${folder}.key`]) fs.rmSync(left, { recursive: true, force: true });
    await publishFew(folder);
    const figures = await publishPart(openDataset(folder), entries);
    fs.rmSync(path.join(folder, 'runs'), { recursive: true });
    fs.writeFileSync(paths, listServed(figures.prefixBits));
    fs.writeFileSync(kept, JSON.stringify(figures));
  }
  return { entries, folder, paths, figures: JSON.parse(fs.readFileSync(kept, 'utf8')) };
}

/** What the facts and the statement of the long one are made from. */
async function publishFew(folder: string): Promise<void> {
  const corpus = `${folder}.txt`;
  writeUsers(corpus, 1_000);
  await credveil('init', folder, '--suite', 'hmac', '--index', 'account');
  await credveil('ingest', folder, corpus, '--source', 'few');
  fs.rmSync(corpus);
}

async function publishPart(dataset: Dataset, entries: number): Promise<PartFigures> {
  // Compilers warm up.
  fs.rmSync((await encodePart(dataset, Math.min(entries, WARM_UP), WARMED)).task.bodiesFile);
  const served = await encodePart(dataset, entries, SERVED);
  const others: Encoded[] = [];
  for (const part of entries / PARTS <= MOST_OTHERS ? OTHERS : []) {
    const other = await encodePart(dataset, entries, part);
    fs.rmSync(other.task.bodiesFile);
    others.push(other);
  }
  const { parameters } = dataset;
  const shape = { prefixBits: served.task.prefixBits, metadataBytes: parameters.metadataBytes };
  const facts = describeIndex({ ...shape, similar: false, hasUsernames: true, hasOneLength: false }, [
    ofAllParts(served.part.tally),
  ]);
  state(dataset, facts, writeServed(dataset, facts, served));
  return {
    recordsPerSecond: [served, ...others].map(({ part, seconds }) => part.entries / seconds),
    records: served.part.entries,
    bytesPerEntry: facts.contentBytes / facts.entries,
    snapshotBytes: slotFileBytes(facts),
    prefixBits: facts.prefixBits,
  };
}

interface Encoded {
  readonly task: EncodeTask;
  readonly part: EncodedPart;
  /** Of the processor. */
  readonly seconds: number;
}

async function encodePart(dataset: Dataset, entries: number, number: number): Promise<Encoded> {
  const { parameters, folder } = dataset;
  const source = `part-${number}`;
  writePartRun(dataset, 'few', source, entries, number);
  const file = runPath(dataset, source);
  const suite = openKeyFile(`${folder}.key`).createSuite();
  const { bucketKey } = publishingAuthority(dataset, suite, undefined);
  const sources = { runs: [preparePartSource(openRun(file), ['account'], undefined)], groups: [] };
  const { layer } = openPublishedFacts(dataset).facts;
  const { metadataBytes } = parameters;
  const settings = {
    ...{ layer, metadataBytes, similar: false, spareFormBits: 0 },
    ...{ numbers: [0, 1], bucketKey, sources, canaries: {} },
  };
  const part: Part<'account'> = { index: 'account', number, bits: PART_BITS };
  const prefixBits = choosePrefixBits('account', entries / 2, parameters);
  const task: EncodeTask = { kind: 'encode', part, prefixBits, bodiesFile: path.join(folder, `bodies-${number}`) };
  const before = process.cpuUsage();
  const encoded = await new PartWork(settings, createKernelPads, () => undefined).run(task);
  const { user, system } = process.cpuUsage(before);
  fs.rmSync(file);
  return { task, part: encoded, seconds: (user + system) / 1e6 };
}

function ofAllParts(tally: BucketTally): BucketTally {
  const times = (counts: BucketTally['sizes']): BucketTally['sizes'] =>
    counts.map(([value, count]) => [value, count * PARTS] as const);
  const { sizes, entries, forms, usernames } = tally;
  return { sizes: times(sizes), entries: times(entries), forms: times(forms), usernames: usernames * PARTS };
}

/** @returns the digest of all digests of the file's parts: those of holes are never asked for */
function writeServed(dataset: Dataset, facts: IndexFacts, { task, part }: Encoded): string {
  const target = snapshotFile(dataset, NAME, 'account');
  createSlots(target, 0o600);
  fs.truncateSync(target, slotFileBytes(facts));
  const { from, to } = idsOf(task.part, facts.prefixBits);
  const bodies = { file: task.bodiesFile, sha256: part.bodies.sha256, from, count: to - from };
  const { first, digests } = writeSlots({ target, bodies, longest: longestBody(facts) });
  fs.rmSync(task.bodiesFile);
  const all = Buffer.alloc(countParts(slotFileBytes(facts)) * DIGEST_BYTES);
  all.set(digests, first * DIGEST_BYTES);
  fs.writeFileSync(snapshotFile(dataset, NAME, 'parts'), all, { mode: 0o600 });
  return createHash('sha256').update(all).digest('hex');
}

function state(dataset: Dataset, index: IndexFacts, parts: string): void {
  const { snapshot: _, statement: __, ...few } = openPublishedFacts(dataset).facts;
  const files = { account: slotFileBytes(index) };
  const suite = openKeyFile(`${dataset.folder}.key`).createSuite();
  const { signer } = publishingAuthority(dataset, suite, undefined);
  const options = { signer, sequence: Number(NAME), minSequence: 1, now: Date.now() };
  const { facts } = writeStated(dataset, NAME, { ...few, indexes: { account: index }, files, parts }, options);
  writeFileAtomically(factsPath(dataset, NAME), `${JSON.stringify(facts)}\n`);
  writeCurrent(dataset, NAME);
}

/** The buckets of the served part that lie whole within checked parts of the file. */
function listServed(prefixBits: number): string {
  const { from, to } = idsOf({ index: 'account', number: SERVED, bits: PART_BITS }, prefixBits);
  // Those at both ends share a part of the file with a hole.
  const margin = Math.ceil((to - from) / 16);
  const step = Math.max(1, Math.floor((to - from) / MOST_PATHS));
  let list = '';
  for (let id = from + margin; id < to - margin; id += step)
    list += `/v1/account/${formatPrefix(id as BucketId, prefixBits)}\n`;
  return list;
}
