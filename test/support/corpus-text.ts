// Reads the text of a corpus as an ingest does: detects its format, then parses it.

import { detectFormat } from '../../ingest/formats/detect.ts';
import type { CorpusFormat, FormatOptions } from '../../ingest/formats/format.ts';
import { createSample } from '../../ingest/formats/sample.ts';

/** `user|password` or `password`, with `*times` where not 1, or `!reason`, in order. */
export function parseAll(format: CorpusFormat, corpus: Iterable<string | Buffer>): string[] {
  const found: string[] = [];
  const parser = format.createParser({
    credential: ({ username, password, times }) =>
      found.push(`${username === undefined ? '' : `${username}|`}${password}${times === 1 ? '' : `*${times}`}`),
    reject: (reason) => found.push(`!${reason}`),
  });
  for (const block of corpus) {
    const bytes = Buffer.from(block);
    parser.push(bytes);
    bytes.fill(0x58); // A reader may use its block again.
  }
  parser.end();
  return found;
}

/** Detects the format of a corpus and parses it. @throws IngestError if it is refused */
export function readCorpus(text: string | Buffer, options: FormatOptions = {}): string[] {
  const bytes = Buffer.from(text);
  return parseAll(detectFormat(createSample(bytes, true), options).format, [bytes]);
}

/** The error that `read` throws, as `CODE: message / hint`. @returns undefined if it throws none */
export function refusalOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return `${code}: ${message} / ${hint}`;
  }
}
