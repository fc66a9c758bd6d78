// The first stage of an ingest: cuts the corpus into segments, which worker threads turn into
// sorted chunks.

import type { DatasetKey } from '../../store/dataset-key.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import type { CorpusFormat, CredentialSink } from '../formats/format.ts';
import { readInput, totalBytes } from '../input/inputs.ts';
import { Segmenter, type SegmentSink } from '../input/segmenter.ts';
import { type FinishedSegment, fingerprint, type Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import type { IngestOptions, ReadProgress } from '../options.ts';
import { RejectCounter } from '../rejects.ts';
import { CredentialPacker } from './credential-batch.ts';
import { IngestPool } from './pool.ts';
import type { WorkerSettings } from './worker.ts';

export interface ReadCorpus {
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: RejectCounter;
}

/** The corpus differs from the one that the manifest's segments came from. */
export class CorpusChanged extends Error {
  override name = 'CorpusChanged';
}

/** Turns the blocks of one input after another into segments, which do not depend on the blocks. */
interface Cutter {
  push(block: Buffer): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Cuts segments of lines for line formats, and of packed credentials for others. */
function createCutter(format: CorpusFormat, rejects: RejectCounter, out: Omit<SegmentSink, 'tooLong'>): Cutter {
  if (format.lines) return new Segmenter({ ...out, tooLong: () => rejects.add('too-long') });
  const packer = new CredentialPacker(out.buffer);
  const sink: CredentialSink = {
    credential: (credential) => packer.add(credential),
    reject: (reason) => rejects.add(reason),
  };
  let parser = format.createParser(sink);
  return {
    async push(block) {
      parser.push(block);
      for (const batch of packer.takeFull()) await out.segment(batch);
    },
    async end() {
      parser.end();
      parser = format.createParser(sink);
      for (const batch of packer.takeAll()) await out.segment(batch);
    },
  };
}

/**
 * Adds all records of the corpus to the manifest as chunks. Segments that the manifest already has
 * are read but not derived.
 * @throws CorpusChanged
 */
export async function readCorpus(
  key: DatasetKey,
  manifest: Manifest,
  plan: MemoryPlan,
  options: IngestOptions,
): Promise<ReadCorpus> {
  const { format, inputs, onProgress, signal } = options;
  const keyText = key.revealText();
  const total = totalBytes(inputs);
  const rejects = new RejectCounter();
  let credentials = 0;
  let bytes = 0;
  const report = (): void => onProgress?.(readProgress(bytes, total, credentials, rejects));
  const count = (finished: FinishedSegment): void => {
    credentials += finished.credentials;
    rejects.addAll(finished.rejects);
    report();
  };

  const settings: WorkerSettings = {
    suite: key.suite,
    keyText,
    indexes: manifest.job.indexes,
    similar: manifest.job.similar,
    folder: manifest.folder,
    sorterBytes: plan.sorterBytes,
    lineFormat: format.lines ? format.name : undefined,
  };
  const pool = new IngestPool(plan.threads, plan.segmentBytes, settings, ({ finished }) => {
    manifest.append(finished);
    count(finished);
  });
  let segments = 0;
  const earlier = new Map(manifest.segments);
  const segment = async (content: Uint8Array<ArrayBuffer>): Promise<void> => {
    const number = segments++;
    const finished = earlier.get(number);
    if (!finished) return pool.submit(number, content);
    if (finished.fingerprint !== fingerprint(keyText, content)) throw new CorpusChanged();
    count(finished);
    pool.recycle(content);
  };
  // Before the first byte, so that a slow pipe shows progress.
  report();
  try {
    const cutter = createCutter(format, rejects, { buffer: () => pool.buffer(), segment });
    const files: InputFile[] = [];
    for (const input of inputs) {
      const before = bytes;
      const read = async (block: Buffer, bytesRead: number): Promise<void> => {
        await cutter.push(block);
        bytes = before + bytesRead;
        report();
      };
      const file = await readInput(input, read, signal, () => cutter.end());
      await cutter.end();
      bytes = before + file.bytes;
      files.push(file);
    }
    await pool.drain();
    signal?.throwIfAborted();
    for (const number of earlier.keys()) if (number >= segments) throw new CorpusChanged();
    report();
    return { files, lines: credentials + rejects.total, credentials, rejects };
  } finally {
    await pool.close();
  }
}

function readProgress(
  bytes: number,
  total: number | undefined,
  credentials: number,
  rejects: RejectCounter,
): ReadProgress {
  // A file that grows while it is read has more bytes than it had at the start.
  const totalBytes = total === undefined ? undefined : Math.max(total, bytes);
  return { stage: 'read', bytes, totalBytes, lines: credentials + rejects.total, rejects };
}
