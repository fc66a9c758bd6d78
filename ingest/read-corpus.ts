// The first step of ingest: a corpus cut into segments, each turned into sorted chunks by a worker thread.

import os from 'node:os';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import type { DatasetKey } from '../store/key-file.ts';
import type { InputFile } from '../store/run-facts.ts';
import { CredentialPacker } from './credential-batch.ts';
import type { CorpusFormat, CredentialSink } from './formats/format.ts';
import { type CorpusInput, readInput, totalBytes } from './inputs.ts';
import type { IngestOptions, IngestProgress } from './options.ts';
import { IngestPool } from './pool.ts';
import { RejectCounter } from './rejects.ts';
import { MIN_SEGMENT_BYTES, Segmenter } from './segmenter.ts';
import type { ChunkFiles } from './sorters.ts';

export interface ReadCorpus {
  readonly chunks: ChunkFiles;
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: RejectCounter;
}

/** Of a worker's memory, the part that holds text; the rest sorts its records. */
const SEGMENT_SHARE = 8;
/** An `oprf` segment of this size keeps a thread busy for some seconds. */
const MAX_SEGMENT_BYTES = { hmac: 32 << 20, oprf: 256 << 10 } as const;
/** Segments a thread at the least, so that all threads end at about the same time. */
const SEGMENTS_A_THREAD = 4;

/** Takes the blocks of one input after the other, and hands out segments. */
interface Cutter {
  push(block: Buffer): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Segments of lines for formats that workers take apart; packed credentials for others. */
function createCutter(
  format: CorpusFormat,
  segmentBytes: number,
  rejects: RejectCounter,
  submit: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
): Cutter {
  if (format.lines) return new Segmenter({ segment: submit, tooLong: () => rejects.add('too-long') }, segmentBytes);
  const packer = new CredentialPacker(Math.max(segmentBytes, MIN_SEGMENT_BYTES));
  const sink: CredentialSink = {
    credential: (credential) => packer.add(credential),
    reject: (reason) => rejects.add(reason),
  };
  let parser = format.createParser(sink);
  return {
    push(block) {
      parser.push(block);
      return packer.isFull ? submit(packer.take()) : undefined;
    },
    end() {
      parser.end();
      parser = format.createParser(sink);
      return submit(packer.take());
    },
  };
}

export async function readCorpus(
  key: DatasetKey,
  feeds: readonly IndexName[],
  folder: string,
  memoryBytes: number,
  options: IngestOptions,
): Promise<ReadCorpus> {
  const { format, inputs, onProgress, signal } = options;
  const threads = options.threads ?? os.availableParallelism();
  const share = memoryBytes / threads;
  const total = totalBytes(inputs);
  const segmentBytes = Math.floor(
    Math.min(
      MAX_SEGMENT_BYTES[key.suite],
      share / SEGMENT_SHARE,
      (total ?? Number.POSITIVE_INFINITY) / (SEGMENTS_A_THREAD * threads),
    ),
  );
  const rejects = new RejectCounter();
  const chunks: { [index in IndexName]?: string[] } = {};
  for (const index of feeds) chunks[index] = [];
  let credentials = 0;
  let bytes = 0;
  const report = (stage: IngestProgress['stage']): void =>
    onProgress?.({ stage, bytes, totalBytes: total, lines: credentials + rejects.total, rejects: rejects.total });

  const settings = {
    suite: key.suite,
    keyText: key.revealText(),
    indexes: feeds,
    folder,
    sortMemoryBytes: share,
    lineFormat: format.lines ? format.name : undefined,
  };
  const pool = new IngestPool(neededThreads(threads, inputs, segmentBytes), settings, (result) => {
    credentials += result.credentials;
    rejects.addAll(result.rejects);
    for (const index of INDEX_NAMES) chunks[index]?.push(...(result.chunks[index] ?? []));
    report('read');
  });
  try {
    const cutter = createCutter(format, segmentBytes, rejects, (segment) => pool.submit(segment));
    const files: InputFile[] = [];
    for (const input of inputs) {
      const read = async (block: Buffer): Promise<void> => {
        await cutter.push(block);
        bytes += block.length;
        report('read');
      };
      files.push(await readInput(input, read, signal));
      await cutter.end();
    }
    await pool.drain();
    signal?.throwIfAborted();
    report('merge');
    return { chunks, files, lines: credentials + rejects.total, credentials, rejects };
  } finally {
    await pool.close();
  }
}

/** A small file is not worth a thread more. */
function neededThreads(threads: number, inputs: readonly CorpusInput[], segmentBytes: number): number {
  const bytes = totalBytes(inputs) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(threads, Math.ceil(bytes / Math.max(segmentBytes, MIN_SEGMENT_BYTES))));
}
