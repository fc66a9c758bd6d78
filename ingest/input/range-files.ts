// A folder of Have I Been Pwned's range files as one list of hashes, in any layout. A million files
// are opened one after the other without promises, which would cost ten times as much as the calls.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { openRegularFile, readHead } from '../../store/files.ts';
import { RangeSet } from '../../store/run/range-set.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import { Budget, type ContainerLimits } from '../containers/budget.ts';
import { detectUtf16 } from '../containers/encoding.ts';
import { ContainerError } from '../containers/errors.ts';
import { detectContainer } from '../containers/magic.ts';
import { isBrotliRange, rangeOfName } from '../containers/range-name.ts';
import { unpack } from '../containers/unpack.ts';
import { type Found, type FoundFile, pathOf } from './find-files.ts';
import type { LeftOut } from './left-out.ts';
import { MAX_RANGE_BYTES, readWhole, TOO_LARGE } from './range-member.ts';
import { type RangeReport, rangesMixed, rangeTwice } from './range-report.ts';
import { kindOfRange, type RangeRows, ROW_HEAD_BYTES, readRangeRows } from './range-rows.ts';
import { type FileStamp, RangeTable } from './range-table.ts';

/** Approximate size of a block of rows. */
const BLOCK_BYTES = 1 << 18;
/** Files that are looked at before all are taken for ranges. */
const LOOKED_AT = 64;
/** Bytes of a file that are looked at, compressed or not. */
const LOOK_BYTES = 4096;
const NO_RANGE = 'not a range file, beside others';

interface RangeFile {
  readonly range: number;
  readonly file: FoundFile;
}

/**
 * Takes the range files of a folder for one list.
 * @returns undefined if there are none, and the files that are not among them
 * @throws IngestError `RANGE_TWICE`, `RANGE_MIXED`
 */
export function openRangeFolder(
  { path: folder, files }: Found,
  limits: ContainerLimits,
  leftOut: LeftOut,
): { readonly ranges: RangeFolder | undefined; readonly rest: readonly FoundFile[] } {
  const ranges = rangeFilesOf(files);
  if (ranges.length === 0) return { ranges: undefined, rest: files };
  ranges.sort((a, b) => a.range - b.range);
  for (const [i, { range, file }] of ranges.entries()) {
    const next = ranges[i + 1];
    if (next?.range === range) throw rangeTwice(range, pathOf(file), pathOf(next.file));
  }
  const taken = new Set(ranges.map(({ file }) => file));
  const others = files.filter((file) => !taken.has(file));
  // A folder with a few of them is a corpus of its own; what is beside most of a mirror is not.
  const isMirror = ranges.length > others.length;
  if (isMirror) for (const file of others) leftOut.add(pathOf(file), NO_RANGE);
  return { ranges: new RangeFolder(folder, ranges, limits), rest: isMirror ? [] : others };
}

/**
 * The files that are named after a range: all of them if most of those looked at hold one, so that
 * broken ones are noticed. Otherwise those that hold one.
 */
function rangeFilesOf(files: readonly FoundFile[]): RangeFile[] {
  const named = files.flatMap((file) => {
    const range = rangeOfName(file.name);
    return range === undefined ? [] : [{ range, file }];
  });
  const step = Math.max(1, Math.ceil(named.length / LOOKED_AT));
  const sample = named.filter((_, i) => i % step === 0);
  const looks = sample.map((at) => ({ file: at.file, look: lookAt(at) }));
  const kinds = looks.flatMap(({ file, look }) => (look === 'sha1' || look === 'ntlm' ? [{ file, look }] : []));
  const [first] = kinds;
  const other = kinds.find(({ look }) => look !== first?.look);
  if (first && other) throw rangesMixed(pathOf(first.file), pathOf(other.file));
  const holding = looks.filter(({ look }) => look !== 'other' && look !== 'empty').length;
  const odd = looks.filter(({ look }) => look === 'other').length;
  if (holding > 0 && holding >= odd) return named;
  return named.filter((at) => !['other', 'empty'].includes(lookAt(at)));
}

type Look = 'sha1' | 'ntlm' | 'packed' | 'empty' | 'other';

/** What a file seems to hold. */
function lookAt({ range, file }: RangeFile): Look {
  const head = readHead(pathOf(file), LOOK_BYTES, (why) => new Error(why));
  if (head.length === 0) return 'empty';
  const kind = detectContainer(head);
  if (kind === 'gzip') return kindOfRange(startOfGzip(head), range) ?? 'other';
  // Other compressed files are known by their names, as far as they end like one.
  if (isBrotliRange(file.name) || (kind !== undefined && /\.(?:bz2|xz|zst)$/.test(file.name))) return 'packed';
  return kindOfRange(head.subarray(0, ROW_HEAD_BYTES), range) ?? 'other';
}

function startOfGzip(head: Buffer): Buffer {
  try {
    // Without a flush at its end, a truncated stream is an error.
    return zlib.gunzipSync(head, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, ROW_HEAD_BYTES);
  } catch {
    return Buffer.alloc(0);
  }
}

/**
 * A stamp this near to the present may miss a change within one tick of the file system's clock.
 */
const UNSETTLED_MS = 2000;

/** Several files read as one list, in the order of the hashes. */
export class RangeFolder {
  readonly name: string;
  /** A tenth less than the list: each row still grows by its prefix. */
  readonly bytes: number;
  readonly #files: readonly RangeFile[];
  readonly #limits: ContainerLimits;
  /** Size and times of each file. */
  readonly #stamps: Float64Array;
  /** What the last whole pass saw. */
  table = RangeTable.create(0);
  /** The ranges whose files it did not read. */
  unchanged = new RangeSet();

  constructor(folder: string, files: readonly RangeFile[], limits: ContainerLimits) {
    this.name = path.basename(path.resolve(folder));
    this.#files = files;
    this.#limits = limits;
    this.#stamps = new Float64Array(3 * files.length);
    let bytes = 0;
    for (const [i, { file }] of files.entries()) {
      const { size, mtimeMs, ctimeMs } = fs.statSync(pathOf(file));
      const settled = Math.max(mtimeMs, ctimeMs) < Date.now() - UNSETTLED_MS;
      this.#stamps.set([size, mtimeMs, settled ? ctimeMs : Number.NaN], 3 * i);
      bytes += size;
    }
    this.bytes = bytes;
  }

  get files(): number {
    return this.#files.length;
  }

  /** After a pass: its digest does not depend on names and compression. */
  describe(): InputFile {
    return { name: this.name, bytes: this.bytes, sha256: this.table.digest() };
  }

  /**
   * Reads the files, and the bytes of them so far.
   * @param base what they were: files that are the same are not read, and give no rows
   */
  async *blocks(report: RangeReport, base?: RangeTable): AsyncGenerator<{ rows: Buffer; bytesRead: number }> {
    // A sample may be another pass, and end at any time.
    const table = RangeTable.create(this.#files.length);
    const unchanged = new RangeSet();
    let blocks: Buffer[] = [];
    let [held, bytesRead] = [0, 0];
    for (const [i, { range, file }] of this.#files.entries()) {
      const stamp = this.#stampOf(i);
      bytesRead += stamp.bytes;
      report.begin(range, pathOf(file));
      const known = base?.get(range);
      if (known && isSame(known, stamp)) {
        report.keep(pathOf(file), known);
        unchanged.add(range);
        table.add(known);
        continue;
      }
      const { text, rows, padding, isWhole } = await readFile(file, range, report, this.#limits);
      const sha256 = createHash('sha256').update(text).digest();
      // A file that could not be read may be readable next time, without another stamp.
      table.add({ ...stamp, ...(isWhole ? {} : { ctimeMs: Number.NaN }), range, rows, padding, sha256 });
      blocks.push(text);
      held += text.length;
      if (held < BLOCK_BYTES) continue;
      yield { rows: Buffer.concat(blocks), bytesRead };
      blocks = [];
      held = 0;
    }
    yield { rows: Buffer.concat(blocks), bytesRead };
    this.table = table;
    this.unchanged = unchanged;
  }

  #stampOf(i: number): FileStamp {
    const [bytes = 0, mtimeMs = 0, ctimeMs = 0] = this.#stamps.subarray(3 * i, 3 * i + 3);
    return { bytes, mtimeMs, ctimeMs };
  }
}

/** NaN equals nothing. */
const isSame = (known: FileStamp, now: FileStamp): boolean =>
  known.bytes === now.bytes && known.mtimeMs === now.mtimeMs && known.ctimeMs === now.ctimeMs;

interface ReadRows extends Pick<RangeRows, 'text' | 'rows' | 'padding'> {
  /** Without any fault. */
  readonly isWhole: boolean;
}

const NOTHING: ReadRows = { text: Buffer.alloc(0), rows: 0, padding: 0, isWhole: false };

/** The rows of a file to ingest; a file that cannot be read is reported, and gives none. */
async function readFile(
  file: FoundFile,
  range: number,
  report: RangeReport,
  limits: ContainerLimits,
): Promise<ReadRows> {
  const at = pathOf(file);
  try {
    const stored = readStored(at);
    const content = stored && (await readText(file.name, stored, limits));
    if (content) {
      const read = readRangeRows(content, range);
      return { ...read, text: report.take(at, read), isWhole: read.bad === 0 };
    }
    report.addBad(at, TOO_LARGE);
  } catch (error) {
    if (error instanceof ContainerError) report.addBad(at, 'damaged, or a bomb');
    else if ((error as NodeJS.ErrnoException).syscall !== undefined) report.addBad(at, 'cannot be read');
    else throw error;
  }
  return NOTHING;
}

/** The bytes of a file; undefined if there are too many for a range. */
function readStored(file: string): Buffer | undefined {
  const handle = openRegularFile(file, (why) => Object.assign(new Error(why), { syscall: 'open' }));
  try {
    return fs.fstatSync(handle).size > MAX_RANGE_BYTES ? undefined : fs.readFileSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** The text of a file, unpacked if it is packed. */
async function readText(name: string, stored: Buffer, limits: ContainerLimits): Promise<Buffer | undefined> {
  if (stored.length === 0) return stored;
  const isPlain = detectContainer(stored) === undefined && detectUtf16(stored.subarray(0, 1024)) === undefined;
  if (isPlain && !isBrotliRange(name)) return stored;
  const budget = new Budget(limits);
  budget.addStored(stored.length);
  async function* once(): AsyncGenerator<Buffer> {
    yield stored;
  }
  const texts: Buffer[] = [];
  for await (const { blocks } of unpack({ name, blocks: once() }, budget)) {
    const text = await readWhole(blocks, MAX_RANGE_BYTES);
    if (!text) return undefined;
    texts.push(text);
  }
  return Buffer.concat(texts);
}
