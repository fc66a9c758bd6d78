// Lines of a byte stream, split at LF alone: a JSON string may hold other line separators.

import { UsageError } from './exit.ts';

/** Two fields of 65,535 bytes, each byte written as an escape of six. */
const MAX_LINE_BYTES = 2 ** 20;
const LF = 0x0a;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * Reads lines without their ends. A byte order mark before the first one is dropped.
 * @throws UsageError for a line longer than 1 MiB
 */
export async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let number = 0;
  const take = (): Buffer => {
    const line = Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
    return number++ === 0 && line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
      ? line.subarray(BYTE_ORDER_MARK.length)
      : line;
  };
  const add = (piece: Buffer): void => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MAX_LINE_BYTES)
      throw new UsageError(
        `line ${number + 1} of standard input is longer than 1 MiB`,
        'Write one JSON object per line, and end each line with a line feed.',
      );
  };

  for await (const chunk of input) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (bytes > 0) yield take();
}
