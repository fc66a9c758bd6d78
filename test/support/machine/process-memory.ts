// The memory of a running process, block by block, for searches.

import fs from 'node:fs';
import path from 'node:path';

const BLOCK_BYTES = 2 ** 18;
const OVERLAP_BYTES = 256;
/** Memory that was never written, which is most of what a Node process maps. */
const NOTHING = Buffer.alloc(BLOCK_BYTES + OVERLAP_BYTES);

/** All writable memory of the process, including buffers and freed memory. Linux only. */
export function processMemory(pid: number): Buffer[][] {
  const blocks: Buffer[] = [];
  let memory: number;
  try {
    memory = fs.openSync(path.join('/proc', String(pid), 'mem'), 'r');
  } catch {
    return [];
  }
  try {
    for (const line of fs.readFileSync(path.join('/proc', String(pid), 'maps'), 'utf8').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += BLOCK_BYTES) {
        // Blocks overlap, so that no secret is split.
        const block = Buffer.alloc(Math.min(BLOCK_BYTES + OVERLAP_BYTES, end - at));
        try {
          fs.readSync(memory, block, 0, block.length, at);
        } catch {
          break; // Mapped but unreadable, like guard pages.
        }
        if (!block.equals(NOTHING.subarray(0, block.length))) blocks.push(block);
      }
    }
  } finally {
    fs.closeSync(memory);
  }
  return [blocks];
}
