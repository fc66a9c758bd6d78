// Turns the text of a member into UTF-8 or windows-1252 bytes: transcodes UTF-16 and removes a byte
// order mark.

import { type Blocks, lookAhead } from './blocks.ts';

type Utf16 = 'utf-16le' | 'utf-16be';

/** Enough bytes to detect UTF-16. */
const HEAD_BYTES = 1024;
const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export async function* decodeMember(blocks: Blocks): AsyncGenerator<Buffer> {
  const { head, blocks: whole } = await lookAhead(blocks, HEAD_BYTES);
  const utf16 = detectUtf16(head.subarray(0, HEAD_BYTES));
  if (utf16) {
    yield* transcode(utf16, whole);
    return;
  }
  let skip = head.subarray(0, 3).equals(UTF8_BOM) ? 3 : 0;
  for await (const block of whole) {
    yield skip > 0 ? block.subarray(skip) : block;
    skip = 0;
  }
}

/** Detects UTF-16 by its byte order mark, or by the NUL bytes of mostly Latin text. */
export function detectUtf16(head: Uint8Array): Utf16 | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.floor(head.length / 2);
  const zeros = [0, 0];
  for (let i = 0; i < 2 * pairs; i++) if (head[i] === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (pairs < 2) return undefined;
  if (odd > 0.7 * pairs && even < 0.05 * pairs) return 'utf-16le';
  if (even > 0.7 * pairs && odd < 0.05 * pairs) return 'utf-16be';
  return undefined;
}

/** Unpaired surrogates and a truncated last unit become U+FFFD. */
async function* transcode(encoding: Utf16, blocks: Blocks): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const block of blocks) {
    const text = decoder.decode(block, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const rest = decoder.decode();
  if (rest !== '') yield Buffer.from(rest);
}
