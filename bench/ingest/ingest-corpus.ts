// Writes a seeded combo list of any length, never whole in memory.

import { once } from 'node:events';
import fs from 'node:fs';
import { createGzip } from 'node:zlib';
import { type IngestCase, seededPair } from './ingest-cases.ts';

const BLOCK_CHARACTERS = 1 << 18;

/** Writes the corpus as `username:password` lines. @returns the sizes of text and file in bytes */
export async function writeCorpus(
  file: string,
  kind: IngestCase,
  pairs: number,
  gzip: boolean,
): Promise<{ readonly textBytes: number; readonly fileBytes: number }> {
  const out = fs.createWriteStream(file);
  const sink = gzip ? createGzip({ level: 1 }) : out;
  if (sink !== out) sink.pipe(out);
  const closed = new Promise<void>((resolve, reject) => {
    out.once('close', () => resolve()).once('error', reject);
  });
  let textBytes = 0;
  let block = '';
  for (let place = 0; place < pairs; place++) {
    const { username, password } = seededPair(kind, place, pairs);
    block += `${username}:${password}\n`;
    if (block.length < BLOCK_CHARACTERS && place + 1 < pairs) continue;
    const bytes = Buffer.from(block);
    textBytes += bytes.length;
    if (!sink.write(bytes)) await once(sink, 'drain');
    block = '';
  }
  sink.end();
  await closed;
  return { textBytes, fileBytes: fs.statSync(file).size };
}
