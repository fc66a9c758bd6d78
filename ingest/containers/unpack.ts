// Unpacks nested containers to text, member by member.

import fs from 'node:fs';
import { type Blocks, lookAhead } from './blocks.ts';
import type { Budget, Passed } from './budget.ts';
import { decompress } from './decompress.ts';
import { decodeMember } from './encoding.ts';
import { ContainerError } from './errors.ts';
import { detectContainer, MAGIC_BYTES } from './magic.ts';
import { tarEntries } from './tar.ts';
import { spool, zipEntries } from './zip.ts';

export interface Packed {
  readonly blocks: Blocks;
  /** The file, if there is one: a zip is read from its end. */
  readonly file?: {
    readonly bytes: number;
    open(): number;
    /** Whether to read all blocks too, for their digest. */
    readonly drain: boolean;
  };
}

/**
 * Yields the text of each member. The caller must read it to its end before the next.
 * @throws ContainerError
 */
export async function* unpack(packed: Packed, budget: Budget): AsyncGenerator<Blocks> {
  const passed: Passed = { bytes: 0 };
  for await (const member of members(packed, budget, 0)) yield budget.meter(decodeMember(member), passed);
}

async function* members({ blocks, file }: Packed, budget: Budget, depth: number): AsyncGenerator<Blocks> {
  const { head, blocks: whole } = await lookAhead(blocks, MAGIC_BYTES);
  const kind = detectContainer(head);
  if (kind === undefined) {
    yield whole;
    return;
  }
  budget.enter(depth + 1);
  switch (kind) {
    case 'tar':
      for await (const entry of tarEntries(whole)) {
        budget.addEntry();
        yield* members({ blocks: entry }, budget, depth + 1);
      }
      return;
    case 'zip':
      yield* zipMembers({ blocks: whole, ...(file ? { file } : {}) }, budget, depth);
      return;
    case '7z':
    case 'rar':
    case 'lz4':
      throw new ContainerError(
        'CONTAINER_UNSUPPORTED',
        `an input is packed as ${kind}, which is not supported`,
        'Unpack it with its own tool first, and ingest the folder.',
      );
    default:
      yield* members({ blocks: budget.meter(decompress(kind, whole, budget)) }, budget, depth + 1);
  }
}

async function* zipMembers({ blocks, file }: Packed, budget: Budget, depth: number): AsyncGenerator<Blocks> {
  if (file?.drain) for await (const _ of blocks);
  // Count again from zero: entries are read from the file, and entries of a bomb share its bytes.
  if (file) budget.bytesRead = 0;
  const read = (bytes: number): void => {
    if (file) budget.bytesRead = Math.min(file.bytes, budget.bytesRead + bytes);
  };
  const fd = file ? file.open() : await spool(blocks);
  try {
    for await (const entry of zipEntries(fd, read)) {
      budget.addEntry();
      yield* members({ blocks: entry }, budget, depth + 1);
    }
  } finally {
    fs.closeSync(fd);
  }
}
