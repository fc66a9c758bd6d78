// Unpacks nested containers to text, member by member.

import fs from 'node:fs';
import { lookAhead, type NamedBlocks } from './blocks.ts';
import type { Budget } from './budget.ts';
import { decompress } from './decompress.ts';
import { decodeMember } from './encoding.ts';
import { ContainerError } from './errors.ts';
import { type ContainerKind, detectContainer, MAGIC_BYTES } from './magic.ts';
import { isBrotliRange, rangeOfName } from './range-name.ts';

export interface Packed extends NamedBlocks {
  /** Of texts whose bytes do not show it; default: UTF-8 or windows-1252. */
  readonly encoding?: string;
  /** The file, if there is one: a zip is read from its end. */
  readonly file?: {
    readonly bytes: number;
    open(): number;
    /** Whether to read all blocks too, for their digest. */
    readonly drain: boolean;
  };
}

/** A text. */
export interface Member extends NamedBlocks {
  /** On how it was decoded, complete when its first block is read. */
  readonly remarks: readonly string[];
}

/** How much of an input has been read, for progress. */
export interface Position {
  bytes: number;
}

/**
 * Yields the text of each member, named by its path through the containers. The caller must read it
 * to its end before the next.
 * @param position counts again from zero where a zip is read by its entries
 * @throws ContainerError
 */
export async function* unpack(
  packed: Packed,
  budget: Budget,
  position: Position = { bytes: 0 },
): AsyncGenerator<Member> {
  for await (const { name, blocks } of members(packed, { budget, position }, 0)) {
    const remarks: string[] = [];
    const text = decodeMember(blocks, packed.encoding, (remark) => remarks.push(remark));
    yield { name, remarks, blocks: budget.meter(text) };
  }
}

interface Unpacking {
  readonly budget: Budget;
  readonly position: Position;
}

async function* members(packed: Packed, unpacking: Unpacking, depth: number): AsyncGenerator<NamedBlocks> {
  const { name, file } = packed;
  const { budget } = unpacking;
  const { head, blocks } = await lookAhead(packed.blocks, MAGIC_BYTES);
  const kind = containerOf(name, head);
  if (kind === undefined) {
    yield { name, blocks };
    return;
  }
  const inner = depth + 1;
  budget.enter(inner);
  switch (kind) {
    case 'tar': {
      // Loaded on demand, as other containers are.
      const { tarEntries } = await import('./tar.ts');
      for await (const entry of tarEntries(blocks)) yield* membersOf(entry, name, unpacking, inner);
      return;
    }
    case 'zip':
      yield* zipMembers({ name, blocks, ...(file && { file }) }, unpacking, inner);
      return;
    case '7z':
    case 'rar':
    case 'lz4':
      throw new ContainerError(
        'CONTAINER_UNSUPPORTED',
        `an input is packed as ${kind}, which is not supported`,
        'Unpack it with its own tool first, and ingest the folder.',
      );
    default: {
      const count = (bytes: number): void => budget.addUnpacked(bytes, inner);
      // Known by its name alone, it would be unpacked again.
      const unpacked = kind === 'brotli' ? name.slice(0, -'.br'.length) : name;
      yield* members({ name: unpacked, blocks: decompress(kind, blocks, count) }, unpacking, inner);
    }
  }
}

const containerOf = (name: string, head: Uint8Array): ContainerKind | undefined =>
  detectContainer(head) ?? (isBrotliRange(name) && head.length > 0 ? 'brotli' : undefined);

/** The members of an archive's entry. */
function membersOf(entry: NamedBlocks, archive: string, unpacking: Unpacking, depth: number) {
  unpacking.budget.addEntry(rangeOfName(entry.name) !== undefined);
  return members({ name: `${archive}/${entry.name}`, blocks: entry.blocks }, unpacking, depth);
}

async function* zipMembers(
  { name, blocks, file }: Packed,
  unpacking: Unpacking,
  depth: number,
): AsyncGenerator<NamedBlocks> {
  const { budget, position } = unpacking;
  if (file?.drain) for await (const _ of blocks);
  else if (file) budget.addStored(Math.max(0, file.bytes - position.bytes));
  // Entries are read from the file, and entries of a bomb share its bytes.
  if (file) position.bytes = 0;
  const read = (bytes: number): void => {
    if (file) position.bytes = Math.min(file.bytes, position.bytes + bytes);
  };
  const { spool, zipEntries } = await import('./zip.ts');
  const fd = file ? file.open() : await spool(blocks);
  try {
    for await (const entry of zipEntries(fd, read))
      yield* membersOf(counted(entry, budget, depth), name, unpacking, depth);
  } finally {
    fs.closeSync(fd);
  }
}

/** An entry of a zip is compressed without a container of its own. */
function counted({ name, blocks }: NamedBlocks, budget: Budget, depth: number): NamedBlocks {
  async function* passing(): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      budget.addUnpacked(block.length, depth);
      yield block;
    }
  }
  return { name, blocks: passing() };
}
