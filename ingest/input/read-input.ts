// Reads inputs: unpacked and digested in one pass, or the start of them.

import { createHash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import { openRegularFile, readHead } from '../../store/files.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import type { NamedBlocks } from '../containers/blocks.ts';
import { Budget, DEFAULT_LIMITS } from '../containers/budget.ts';
import { decoderBytes } from '../containers/decoder-memory.ts';
import { ContainerError } from '../containers/errors.ts';
import { rangeOfName } from '../containers/range-name.ts';
import { type Member, type Packed, type Position, unpack } from '../containers/unpack.ts';
import { IngestError } from '../errors.ts';
import { type CorpusInput, notRegular } from './inputs.ts';
import { COMPANION_WHY, isCompanion, LeftOut } from './left-out.ts';
import type { RangeFolder } from './range-files.ts';
import { textOfMember } from './range-member.ts';
import { RangeReport } from './range-report.ts';
import type { RangeTable } from './range-table.ts';
import { PEEK_BYTES } from './stream-input.ts';

const LF = 0x0a;

/** Takes the texts of an input, one after another. */
export interface Members {
  /**
   * @param name its path through the containers
   * @param remarks complete when its first block comes
   */
  begin(name: string, remarks?: readonly string[]): unknown;
  end(): void | Promise<void>;
}

const LINE_END = Buffer.from([LF]);

/**
 * Reads an input to its end and describes the stored, packed bytes.
 * @param each takes a block of unpacked text, and the number of bytes read from the file so far
 * @param texts without it, they are joined by a line end
 * @param reading of the whole corpus; default: one of its own
 * @throws IngestError `INPUT_UNREADABLE`
 * @throws ContainerError
 */
export async function readInput(
  input: CorpusInput,
  each: (block: Buffer, bytesRead: number) => void | Promise<void>,
  signal?: AbortSignal,
  texts?: Members,
  reading: Reading = createReading(input),
): Promise<InputFile> {
  if (input.ranges) {
    texts?.begin(input.name);
    const file = await readRanges(input.ranges, each, reading, signal);
    await texts?.end();
    return file;
  }
  const { budget } = reading;
  const position: Position = { bytes: 0 };
  const hash = createHash('sha256');
  let bytes = 0;
  const source = readBlocks(input, signal);
  // Has no `return`: an unpacker may stop before the end of the file, and the digest covers all of
  // it.
  const digested: AsyncIterator<Buffer> = {
    async next() {
      const next = await source.next();
      if (!next.done) {
        hash.update(next.value);
        bytes += next.value.length;
        position.bytes += next.value.length;
        budget.addStored(next.value.length);
      }
      return next;
    },
  };
  const blocks = { [Symbol.asyncIterator]: () => digested };
  try {
    const members = unpack({ name: placeOf(input), blocks, ...packedFile(input, true) }, budget, position);
    let last: number | undefined;
    let isOpen = false;
    for await (const member of members) {
      // Range files follow one another as one list.
      const continues = isOpen && reading.ranges.named.size > 0 && rangeOfName(member.name) !== undefined;
      if (texts && !continues) {
        if (isOpen) await texts.end();
        texts.begin(member.name, member.remarks);
        isOpen = true;
      }
      if (!texts && last !== undefined && last !== LF) await each(LINE_END, position.bytes);
      for await (const block of textOf(member, reading)) {
        const pending = each(block, position.bytes);
        if (pending) await pending;
        last = block.at(-1) ?? last;
      }
    }
    if (isOpen) await texts?.end();
    for await (const _ of blocks);
  } finally {
    await source.return(undefined);
  }
  return { name: placeOf(input), bytes, sha256: hash.digest('hex') };
}

/** How texts of an input are named. */
const placeOf = ({ place, name }: CorpusInput): string => place ?? name;

/** What the inputs of a corpus share. */
export interface Reading {
  readonly budget: Budget;
  readonly ranges: RangeReport;
  readonly leftOut: LeftOut;
  /** What range files were when they were last ingested: those that are the same give no text. */
  readonly base?: RangeTable;
}

export interface ReadingOptions {
  readonly isMirror?: boolean;
  readonly leftOut?: LeftOut;
  readonly base?: RangeTable | undefined;
}

export function createReading(
  input: CorpusInput | undefined,
  { isMirror = false, leftOut = new LeftOut(), base }: ReadingOptions = {},
): Reading {
  return {
    budget: new Budget(input?.limits ?? DEFAULT_LIMITS),
    ranges: new RangeReport(isMirror),
    leftOut,
    ...(base && { base }),
  };
}

/** The text of a member, or nothing if it is left out. */
async function* textOf(member: NamedBlocks, { ranges, leftOut }: Reading): AsyncGenerator<Buffer> {
  if (isCompanion(member.name)) {
    leftOut.add(member.name, COMPANION_WHY);
    for await (const _ of member.blocks);
  } else yield* textOfMember(member, ranges);
}

async function* rowsOf(folder: RangeFolder, ranges: RangeReport): AsyncGenerator<Buffer> {
  for await (const { rows } of folder.blocks(ranges)) yield rows;
}

async function readRanges(
  folder: RangeFolder,
  each: (block: Buffer, bytesRead: number) => void | Promise<void>,
  { ranges, base }: Pick<Reading, 'ranges' | 'base'>,
  signal: AbortSignal | undefined,
): Promise<InputFile> {
  for await (const { rows, bytesRead } of folder.blocks(ranges, base)) {
    signal?.throwIfAborted();
    await each(rows, bytesRead);
  }
  return folder.describe();
}

function packedFile(input: CorpusInput, drain: boolean): Pick<Packed, 'file' | 'encoding'> {
  const { path: file, bytes = 0, encoding } = input;
  return {
    ...(file !== undefined && { file: { bytes, open: () => openRegularFile(file, notRegular(file)), drain } }),
    ...(encoding !== undefined && { encoding }),
  };
}

/** Describes an input as `readInput` does, without unpacking it. */
export async function digestInput(
  input: CorpusInput,
  signal?: AbortSignal,
  options: ReadingOptions = {},
): Promise<InputFile> {
  if (input.ranges) return readRanges(input.ranges, () => {}, createReading(input, options), signal);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const block of readBlocks(input, signal)) {
    hash.update(block);
    bytes += block.length;
  }
  return { name: placeOf(input), bytes, sha256: hash.digest('hex') };
}

/** A smaller file fills no large window. */
const MIN_WINDOW_FILE = 1 << 20;
/** Room for the header of any container. */
const HEADER_BYTES = 512;

/** The most memory that the decoders of any input need. */
export function unpackingMemory(inputs: readonly CorpusInput[]): number {
  let most = 0;
  for (const { path: file, bytes = 0 } of inputs) {
    if (file === undefined || bytes < MIN_WINDOW_FILE) continue;
    most = Math.max(most, decoderBytes(readHead(file, HEADER_BYTES, notRegular(file))));
  }
  return most;
}

/** The start of a text. */
export interface SampledText {
  /** Its path through the containers. */
  readonly name: string;
  /** Possibly cut within a line. */
  readonly text: Buffer;
  /** Whether it is the whole text. */
  readonly whole: boolean;
  /** On how it was decoded. */
  readonly remarks: readonly string[];
}

export interface Sample {
  readonly texts: readonly SampledText[];
  /** Bytes read from the file for this sample. */
  readonly bytesRead: number;
  /** Whether the sample is the whole input. */
  readonly whole: boolean;
}

/** Reads the start of an input. A stream can still be read from its start afterwards. */
export async function sampleInput(
  input: CorpusInput,
  bytes: number,
  signal?: AbortSignal,
  reading: Reading = createReading(input),
): Promise<Sample> {
  const { budget } = reading;
  const position: Position = { bytes: 0 };
  const peeked = await input.peek?.(signal);
  const cut = peeked !== undefined && peeked.length >= PEEK_BYTES;
  async function* counted(): AsyncGenerator<Buffer> {
    const stored = input.ranges ? rowsOf(input.ranges, reading.ranges) : readBlocks(input, signal);
    for await (const block of peeked ? [peeked] : stored) {
      position.bytes += block.length;
      budget.addStored(block.length);
      yield block;
    }
  }
  const texts: (Omit<Member, 'blocks'> & { readonly blocks: Buffer[]; whole: boolean })[] = [];
  let length = 0;
  let whole = !cut;
  try {
    const members = unpack({ name: placeOf(input), blocks: counted(), ...packedFile(input, false) }, budget, position);
    sampling: for await (const member of members) {
      const { name, remarks } = member;
      const text = { name, remarks, blocks: [] as Buffer[], whole: false };
      texts.push(text);
      for await (const block of textOf(member, reading)) {
        text.blocks.push(block);
        length += block.length;
        if (length >= bytes) break sampling;
      }
      text.whole = !cut;
    }
    if (length >= bytes) whole = false;
  } catch (error) {
    // The peeked start of a stream looks like a truncated container.
    if (!cut || !(error instanceof ContainerError) || error.code !== 'CONTAINER_CORRUPT') throw error;
  }
  const joined = texts.map(({ blocks, ...text }) => ({ ...text, text: Buffer.concat(blocks) }));
  return { texts: joined, bytesRead: position.bytes, whole };
}

async function* readBlocks(input: CorpusInput, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const stream = signal ? addAbortSignal(signal, input.open()) : input.open();
  try {
    for await (const block of stream) yield block as Buffer;
  } catch (cause) {
    const { syscall, code } = cause as NodeJS.ErrnoException;
    if (syscall !== 'read') throw cause;
    throw new IngestError(
      'INPUT_UNREADABLE',
      `${input.name}: read failed (${code})`,
      'Check the file and its disk, then run the same command again.',
      { cause },
    );
  }
}
