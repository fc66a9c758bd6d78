// Cuts texts into segments: of lines for line formats, and of packed credentials for others.

import type { ColumnUse } from '../formats/columns.ts';
import type { CorpusFormat, CredentialSink } from '../formats/format.ts';
import { Segmenter } from '../input/segmenter.ts';
import type { RejectReason } from '../rejects.ts';
import { CredentialPacker } from './credential-batch.ts';
import type { TextSink } from './text-reader.ts';

export interface CutterSink {
  /** Returns an empty buffer of the size of a segment. */
  buffer(): Uint8Array<ArrayBuffer>;
  /** Takes a segment of the text that was opened last, and the ownership of its buffer. */
  segment(content: Uint8Array<ArrayBuffer>): void | Promise<void>;
  /** Takes what comes into no segment. */
  reject(reason: RejectReason, line?: Uint8Array): void;
  /** Takes the columns of the text that was opened last. */
  columns?(columns: ColumnUse): void;
}

/** Takes one text at a time. Segments depend on the text and its format, not on its blocks. */
export class TextCutter {
  readonly #out: CutterSink;
  readonly #segmenter: Segmenter;
  readonly #packer: CredentialPacker;

  constructor(out: CutterSink, segmentBytes: number) {
    this.#out = out;
    this.#segmenter = new Segmenter({ ...out, tooLong: () => out.reject('too-long') }, segmentBytes);
    this.#packer = new CredentialPacker(out.buffer);
  }

  open(format: CorpusFormat): TextSink {
    return format.lines ? this.#segmenter : this.#pack(format);
  }

  #pack(format: CorpusFormat): TextSink {
    const packer = this.#packer;
    const { segment, reject, columns } = this.#out;
    const sink: CredentialSink = {
      credential: (credential) => packer.add(credential),
      reject,
      ...(columns && { columns }),
    };
    const parser = format.createParser(sink);
    return {
      async push(block) {
        parser.push(block);
        for (const batch of packer.takeFull()) await segment(batch);
      },
      async end() {
        parser.end();
        for (const batch of packer.takeAll()) await segment(batch);
      },
    };
  }
}
