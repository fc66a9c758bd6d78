// A sink that appends JSON lines to a file, or writes them to standard output.

import fs from 'node:fs';
import type { StoredEvent } from '../events.ts';
import type { Destination } from '../outbox.ts';
import { PRIVATE_FILE } from '../outbox-file.ts';
import type { Outcome, Sink } from '../sink.ts';
import { formatJson } from './json-text.ts';

const { O_RDWR, O_CREAT, O_APPEND, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = fs.constants;
const LINE_FEED = 0x0a;
const MAX_BATCH = 256;
const LEASE_MS = 30_000;

export interface LinesOptions extends Destination {
  /** A path, or `-` for standard output. */
  readonly file: string;
  readonly format: (event: StoredEvent) => object;
}

export function createLinesSink({ name, accepts, file, format }: LinesOptions): Sink {
  const write = file === '-' ? writeStdout : async (text: string): Promise<void> => appendDurably(file, text);
  return {
    name,
    accepts,
    ...(file !== '-' && { file }),
    maxBatch: MAX_BATCH,
    leaseMs: LEASE_MS,
    send: async (events) => {
      const outcome = await write(events.map((event) => `${formatJson(format(event))}\n`).join('')).then(
        (): Outcome => ({ delivered: true }),
        (): Outcome => ({ delivered: false, failure: 'FILE_UNWRITABLE' }),
      );
      return events.map(() => outcome);
    },
    close: () => {},
  };
}

/**
 * Opened for each batch: a file that logrotate moves away is created anew. Throws if it is a link,
 * or open to others and of another user.
 */
function appendDurably(file: string, text: string): void {
  const handle = fs.openSync(file, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW, PRIVATE_FILE);
  try {
    const stat = fs.fstatSync(handle);
    if (!stat.isFile()) throw new Error('not a regular file');
    // It names accounts that an attacker can enter, and logrotate may have created it.
    if ((stat.mode & 0o077) !== 0) fs.fchmodSync(handle, PRIVATE_FILE);
    // A process that was killed may have left a part of a line.
    fs.writeFileSync(handle, endsInside(handle, stat.size) ? `\n${text}` : text);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

function endsInside(handle: number, size: number): boolean {
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  fs.readSync(handle, last, 0, 1, size - 1);
  return last[0] !== LINE_FEED;
}

const writeStdout = (text: string): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));
