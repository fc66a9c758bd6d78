// The files of a corpus: opened before anything is changed, digested while they are read.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { isMissing } from '../store/files.ts';
import type { InputFile } from '../store/run-facts.ts';
import { IngestError } from './errors.ts';

const BLOCK_BYTES = 1 << 18;

/** A file, or a stream whose length is not known. */
export interface CorpusInput {
  readonly name: string;
  readonly bytes: number | undefined;
  open(): Readable;
}

/** @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE` */
export function openInput(file: string): CorpusInput {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(file);
    fs.accessSync(file, fs.constants.R_OK);
  } catch (cause) {
    const code = isMissing(cause) ? 'INPUT_MISSING' : 'INPUT_UNREADABLE';
    const what = isMissing(cause) ? 'there is no such file' : 'it cannot be read';
    throw new IngestError(code, `${file}: ${what}`, 'Check its name and permissions; `-` reads standard input.', {
      cause,
    });
  }
  if (!stat.isFile())
    throw new IngestError(
      'INPUT_UNREADABLE',
      `${file}: it is not a regular file`,
      'Name files, or `-` for standard input.',
    );
  return {
    name: path.basename(file),
    bytes: stat.size,
    open: () => fs.createReadStream(file, { highWaterMark: BLOCK_BYTES }),
  };
}

export function streamInput(stream: Readable): CorpusInput {
  return { name: '-', bytes: undefined, open: () => stream };
}

/** Reads an input to its end, each block given to `each`, and says what was read. */
export async function readInput(
  input: CorpusInput,
  each: (block: Buffer) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<InputFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = signal ? addAbortSignal(signal, input.open()) : input.open();
  try {
    for await (const block of stream) {
      hash.update(block as Buffer);
      bytes += (block as Buffer).length;
      const pending = each(block as Buffer);
      if (pending) await pending;
    }
  } catch (cause) {
    const { syscall, code } = cause as NodeJS.ErrnoException;
    if (syscall !== 'read') throw cause;
    throw new IngestError(
      'INPUT_UNREADABLE',
      `${input.name}: reading failed (${code})`,
      'Check the file and its disk.',
      {
        cause,
      },
    );
  }
  return { name: input.name, bytes, sha256: hash.digest('hex') };
}

/** True where two sources were made of the same bytes, whatever the files were called. */
export function sameFiles(a: readonly InputFile[], b: readonly InputFile[]): boolean {
  return a.length === b.length && a.every((file, i) => file.sha256 === b[i]?.sha256);
}

/** Undefined where one of them is a stream. */
export function totalBytes(inputs: readonly CorpusInput[]): number | undefined {
  let total = 0;
  for (const { bytes } of inputs) {
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}
