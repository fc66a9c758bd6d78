// Credentials as JSON lines: reads standard input, and names the line of every mistake.

import { Buffer } from 'node:buffer';
import type { Credential } from '../../client-sdk/index.ts';
import { CredveilError } from '../../protocol/errors.ts';

/** Both fields at their longest, with every character escaped. */
const MAX_LINE_BYTES = 2 ** 20;
const LINE_FEED = 0x0a;
const MARK = Buffer.from('\ufeff');

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A line that holds no credential. The message contains nothing of the line. */
export class LineError extends CredveilError<'LINE_MALFORMED'> {
  override name = 'LineError';

  /** @param number counted from 1 */
  constructor(number: number, why: string, hint: string) {
    super('LINE_MALFORMED', `line ${number} of standard input: ${why}`, hint);
  }
}

export interface NumberedLine {
  readonly number: number;
  /** Undefined if it is longer than a credential can be. */
  readonly bytes: Buffer | undefined;
}

/**
 * Cuts at line feeds alone: JSON text may hold every other line end of Unicode. A byte order mark
 * in front of the first line is left out, and so are blank lines.
 */
export async function* readLines(input: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  let number = 0;
  let pieces: Buffer[] = [];
  let held = 0;
  const hold = (piece: Buffer): void => {
    held += piece.length;
    if (held <= MAX_LINE_BYTES) pieces.push(piece);
  };
  const take = (): NumberedLine | undefined => {
    number++;
    const whole = Buffer.concat(pieces);
    const bytes = number === 1 && whole.subarray(0, MARK.length).equals(MARK) ? whole.subarray(MARK.length) : whole;
    const isLong = held > MAX_LINE_BYTES;
    pieces = [];
    held = 0;
    if (isLong) return { number, bytes: undefined };
    return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d) ? undefined : { number, bytes };
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      hold(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line) yield line;
    }
    hold(chunk.subarray(start));
  }
  const last = take();
  if (last) yield last;
}

/**
 * The JSON object of a line. The SDK checks its members.
 * @throws LineError
 */
export function parseLine({ number, bytes }: NumberedLine): Credential {
  const hint = 'Write one JSON object per line: {"username": "…", "password": "…"}. Either member may be omitted.';
  if (!bytes) throw new LineError(number, `longer than ${MAX_LINE_BYTES} bytes`, hint);
  let json: unknown;
  try {
    // The platform's error quotes its input, so it is not the cause.
    json = JSON.parse(strictUtf8.decode(bytes));
  } catch {
    throw new LineError(number, 'not JSON in UTF-8', hint);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new LineError(number, 'not a JSON object', hint);
  return json as Credential;
}
