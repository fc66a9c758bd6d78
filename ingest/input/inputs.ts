// The inputs of a corpus: checked before anything changes, and digested and unpacked in one pass.

import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isMissing } from '../../store/files.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import { Budget, type ContainerLimits, DEFAULT_LIMITS } from '../containers/budget.ts';
import { ContainerError } from '../containers/errors.ts';
import { type Packed, type Position, unpack } from '../containers/unpack.ts';
import { IngestError } from '../errors.ts';
import { openRangeFiles } from './range-files.ts';

const BLOCK_BYTES = 1 << 18;
/** Bytes of a stream buffered to detect its format. */
const PEEK_BYTES = 1 << 20;
const LF = 0x0a;
const LINE_END = Buffer.from([LF]);
/** A stream that pauses for this long is sampled from the bytes it has delivered so far. */
const PAUSE_MS = 250;

/** A file, or a stream of unknown length. */
export interface CorpusInput {
  readonly name: string;
  readonly bytes: number | undefined;
  /** Limits on containers; default: DEFAULT_LIMITS. */
  readonly limits?: ContainerLimits;
  /** Set for a file, which allows random access. */
  readonly path?: string;
  /** The bytes as stored, still packed if they are. */
  open(): Readable;
  /** The first bytes of a stream, which `open` returns again. */
  peek?(signal?: AbortSignal): Promise<Buffer>;
}

/** @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE` */
export function openInput(file: string): CorpusInput {
  return fileInput(file, DEFAULT_LIMITS);
}

function fileInput(file: string, limits: ContainerLimits): CorpusInput {
  const stat = statInput(file);
  if (!stat.isFile())
    throw new IngestError(
      'INPUT_UNREADABLE',
      `${file} is not a regular file`,
      'Pass files or folders, or `-` for standard input.',
    );
  return {
    name: path.basename(file),
    bytes: stat.size,
    limits,
    path: file,
    open: () => fs.createReadStream(file, { highWaterMark: BLOCK_BYTES }),
  };
}

/**
 * Opens files, and all regular files below folders in the order of their paths. HIBP's range files
 * become one list.
 * @throws IngestError `INPUT_MISSING`, `INPUT_UNREADABLE`
 */
export function openInputs(paths: readonly string[], limits: ContainerLimits = DEFAULT_LIMITS): CorpusInput[] {
  return paths.flatMap((file) => {
    const stat = statInput(file);
    const ranges = openRangeFiles(file);
    if (ranges) return { ...ranges, limits };
    if (!stat.isDirectory()) return fileInput(file, limits);
    const files = fs
      .readdirSync(file, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort();
    if (files.length === 0)
      throw new IngestError('INPUT_MISSING', `${file} contains no files`, 'Pass the folder that contains the corpus.');
    return files.map((below) => fileInput(below, limits));
  });
}

function statInput(file: string): fs.Stats {
  try {
    const stat = fs.statSync(file);
    fs.accessSync(file, fs.constants.R_OK);
    return stat;
  } catch (cause) {
    const code = isMissing(cause) ? 'INPUT_MISSING' : 'INPUT_UNREADABLE';
    const what = isMissing(cause) ? 'does not exist' : 'cannot be read';
    throw new IngestError(code, `${file} ${what}`, 'Check its path and permissions; `-` reads standard input.', {
      cause,
    });
  }
}

export function streamInput(stream: Readable, limits: ContainerLimits = DEFAULT_LIMITS): CorpusInput {
  let source = stream;
  return {
    name: '-',
    bytes: undefined,
    limits,
    open: () => source,
    async peek(signal) {
      const { head, ended } = await readAhead(stream, PEEK_BYTES, signal);
      if (ended) source = Readable.from([head]);
      else stream.unshift(head);
      return head;
    },
  };
}

async function readAhead(
  stream: Readable,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<{ head: Buffer; ended: boolean }> {
  const blocks: Buffer[] = [];
  let length = 0;
  let ended = false;
  const change = new EventEmitter();
  const onReadable = (): unknown => change.emit('change');
  const onEnd = (): void => {
    ended = true;
    change.emit('change');
  };
  const onError = (error: Error): unknown => change.emit('error', error);
  stream.on('readable', onReadable).on('end', onEnd).on('error', onError);
  try {
    while (length < bytes && !ended) {
      const block = stream.read() as Buffer | null;
      if (block) {
        blocks.push(block);
        length += block.length;
      } else {
        const waiting = once(change, 'change', signal ? { signal } : {});
        // After the pause wins the race, nobody else handles an abort.
        waiting.catch(() => {});
        if (length === 0) await waiting;
        else if (!(await Promise.race([waiting, delay(PAUSE_MS, false)]))) break;
      }
    }
  } finally {
    stream.off('readable', onReadable).off('end', onEnd).off('error', onError);
  }
  return { head: Buffer.concat(blocks), ended };
}

/**
 * Reads an input to its end and describes the stored, packed bytes.
 * @param each takes a block of unpacked text, and the number of bytes read from the file so far
 * @param endMember is called between archive members; without it, they are joined by a line end
 * @param budget of the whole corpus; default: one of its own
 * @throws IngestError `INPUT_UNREADABLE`
 * @throws ContainerError
 */
export async function readInput(
  input: CorpusInput,
  each: (block: Buffer, bytesRead: number) => void | Promise<void>,
  signal?: AbortSignal,
  endMember?: () => void | Promise<void>,
  budget: Budget = createBudget(input),
): Promise<InputFile> {
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
    const members = unpack({ name: input.name, blocks, ...packedFile(input, true) }, budget, position);
    let last: number | undefined;
    for await (const member of members) {
      if (last !== undefined && endMember) await endMember();
      else if (last !== undefined && last !== LF) await each(LINE_END, position.bytes);
      for await (const block of member.blocks) {
        const pending = each(block, position.bytes);
        if (pending) await pending;
        last = block.at(-1) ?? last;
      }
    }
    for await (const _ of blocks);
  } finally {
    await source.return(undefined);
  }
  return { name: input.name, bytes, sha256: hash.digest('hex') };
}

/** Shared by the inputs of a corpus. */
export const createBudget = (input: CorpusInput | undefined): Budget => new Budget(input?.limits ?? DEFAULT_LIMITS);

function packedFile({ path: file, bytes = 0 }: CorpusInput, drain: boolean): Pick<Packed, 'file'> {
  return file === undefined ? {} : { file: { bytes, open: () => fs.openSync(file, 'r'), drain } };
}

/** Describes an input as `readInput` does, without unpacking it. */
export async function digestInput(input: CorpusInput, signal?: AbortSignal): Promise<InputFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const block of readBlocks(input, signal)) {
    hash.update(block);
    bytes += block.length;
  }
  return { name: input.name, bytes, sha256: hash.digest('hex') };
}

export interface Sample {
  /** Unpacked text, possibly cut within a line. */
  readonly text: Buffer;
  /** Bytes read from the file for this sample. */
  readonly bytesRead: number;
  /** Whether the sample is the whole input. */
  readonly whole: boolean;
}

/** Reads the start of an input's text. A stream can still be read from its start afterwards. */
export async function sampleInput(
  input: CorpusInput,
  bytes: number,
  signal?: AbortSignal,
  budget: Budget = createBudget(input),
): Promise<Sample> {
  const position: Position = { bytes: 0 };
  const peeked = await input.peek?.(signal);
  const cut = peeked !== undefined && peeked.length >= PEEK_BYTES;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const block of peeked ? [peeked] : readBlocks(input, signal)) {
      position.bytes += block.length;
      budget.addStored(block.length);
      yield block;
    }
  }
  const blocks: Buffer[] = [];
  let length = 0;
  let whole = !cut;
  try {
    const members = unpack({ name: input.name, blocks: counted(), ...packedFile(input, false) }, budget, position);
    sampling: for await (const member of members) {
      if (blocks.length > 0 && blocks.at(-1)?.at(-1) !== LF) blocks.push(LINE_END);
      for await (const block of member.blocks) {
        blocks.push(block);
        length += block.length;
        if (length < bytes) continue;
        whole = false;
        break sampling;
      }
    }
  } catch (error) {
    // The peeked start of a stream looks like a truncated container.
    if (!cut || !(error instanceof ContainerError) || error.code !== 'CONTAINER_CORRUPT') throw error;
  }
  return { text: Buffer.concat(blocks), bytesRead: position.bytes, whole };
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
