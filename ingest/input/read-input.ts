// Reads inputs: unpacked and digested in one pass, or the start of them.

import { createHash } from 'node:crypto';
import { addAbortSignal } from 'node:stream';
import { openRegularFile } from '../../store/files.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import { Budget, DEFAULT_LIMITS } from '../containers/budget.ts';
import { ContainerError } from '../containers/errors.ts';
import { type Packed, type Position, unpack } from '../containers/unpack.ts';
import { IngestError } from '../errors.ts';
import { type CorpusInput, notRegular } from './inputs.ts';
import { PEEK_BYTES } from './stream-input.ts';

const LF = 0x0a;
const LINE_END = Buffer.from([LF]);

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
  return file === undefined ? {} : { file: { bytes, open: () => openRegularFile(file, notRegular(file)), drain } };
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
