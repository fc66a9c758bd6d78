// The inputs of a corpus, checked before anything changes.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { openRegularFile, type RefuseFile } from '../../store/files.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import { type ContainerLimits, DEFAULT_LIMITS } from '../containers/budget.ts';
import { IngestError } from '../errors.ts';
import { findFiles, pathOf, statInput } from './find-files.ts';
import { LeftOut } from './left-out.ts';
import { openRangeFolder, type RangeFolder } from './range-files.ts';
import { RangeReport } from './range-report.ts';

const BLOCK_BYTES = 1 << 18;

/** A file, or a stream of unknown length. */
export interface CorpusInput {
  readonly name: string;
  readonly bytes: number | undefined;
  /** Limits on containers; default: DEFAULT_LIMITS. */
  readonly limits?: ContainerLimits;
  /** Its path below the folder that was named; default: its name. */
  readonly place?: string;
  /** As the operator stated it, for TextDecoder; default: recognised. */
  readonly encoding?: string;
  /** Set for a file, which allows random access. */
  readonly path?: string;
  /** Set for a folder of range files. */
  readonly ranges?: RangeFolder;
  /** The bytes as stored, still packed if they are; the rows of range files. */
  open(): Readable;
  /** The first bytes of a stream, which `open` returns again. */
  peek?(signal?: AbortSignal): Promise<Buffer>;
}

/** @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE` */
export function openInput(file: string): CorpusInput {
  return fileInput(file, DEFAULT_LIMITS);
}

export const notRegular =
  (file: string): RefuseFile =>
  (why) =>
    new IngestError('INPUT_UNREADABLE', `${file}: ${why}`, 'Pass files or folders, or `-` for standard input.');

function fileInput(file: string, limits: ContainerLimits, folder?: string): CorpusInput {
  const stat = statInput(file);
  if (!stat.isFile()) throw notRegular(file)('not a regular file');
  return {
    name: path.basename(file),
    ...(folder !== undefined && { place: path.relative(folder, file).replaceAll(path.sep, '/') }),
    bytes: stat.size,
    limits,
    path: file,
    open: () => fs.createReadStream(file, { fd: openRegularFile(file, notRegular(file)), highWaterMark: BLOCK_BYTES }),
  };
}

/**
 * Opens files, and all regular files below folders in the order of their paths. HIBP's range files
 * below a folder become one list.
 * @param leftOut takes what is not read
 * @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE`, `INPUT_OWN`, `RANGE_TWICE`,
 * `RANGE_MIXED`
 */
export function openInputs(
  paths: readonly string[],
  limits: ContainerLimits = DEFAULT_LIMITS,
  leftOut: LeftOut = new LeftOut(),
): CorpusInput[] {
  return findFiles(paths, leftOut).flatMap((found) => {
    const { ranges, rest } = found.isFolder
      ? openRangeFolder(found, limits, leftOut)
      : { ranges: undefined, rest: found.files };
    const others = rest.map((file) => fileInput(pathOf(file), limits, found.isFolder ? found.path : undefined));
    return ranges ? [rangeInput(ranges, limits), ...others] : others;
  });
}

function rangeInput(ranges: RangeFolder, limits: ContainerLimits): CorpusInput {
  const { name, bytes } = ranges;
  async function* rows(): AsyncGenerator<Buffer> {
    for await (const block of ranges.blocks(new RangeReport())) yield block.rows;
  }
  const open = (): Readable => Readable.from(rows(), { objectMode: false, highWaterMark: BLOCK_BYTES });
  return { name, bytes, limits, ranges, open };
}

/** True if two sources have the same bytes, whatever their files are called. */
export function sameFiles(a: readonly InputFile[], b: readonly InputFile[]): boolean {
  return a.length === b.length && a.every((file, i) => file.sha256 === b[i]?.sha256);
}

/** Undefined if an input is a stream. */
export function totalBytes(inputs: readonly CorpusInput[]): number | undefined {
  let total = 0;
  for (const { bytes } of inputs) {
    if (bytes === undefined) return undefined;
    total += bytes;
  }
  return total;
}
