// Reads the text of a corpus as an ingest does: detects its format, then parses it.

import { detectFormat } from '../../ingest/format-registry.ts';
import type { ColumnUse } from '../../ingest/formats/columns.ts';
import type { CorpusFormat, FormatOptions } from '../../ingest/formats/format.ts';
import { createSample } from '../../ingest/formats/sample.ts';
import { RejectCounter, type RejectExamples } from '../../ingest/rejects.ts';

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

/** What the parser reads of the columns. */
export function columnsOf(format: CorpusFormat, text: string): ColumnUse | undefined {
  let found: ColumnUse | undefined;
  const parser = format.createParser({
    credential() {},
    reject() {},
    columns(columns) {
      found = columns;
    },
  });
  parser.push(Buffer.from(text));
  parser.end();
  return found;
}

/** The masked examples of what the parser rejects, from blocks of this many bytes. */
export function examplesOf(format: CorpusFormat, text: string, blockBytes = text.length): RejectExamples {
  const rejects = new RejectCounter();
  const parser = format.createParser({ credential() {}, reject: (reason, line) => rejects.addLine(reason, line) });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = Buffer.from(bytes.subarray(at, at + blockBytes));
    parser.push(block);
    block.fill(0x58);
  }
  parser.end();
  return rejects.examples();
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
