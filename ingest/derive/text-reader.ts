// Reads texts one after another: looks at the start of each, then passes all of it on.

import { IngestError } from '../errors.ts';
import { createSample, SAMPLE_BYTES, type TextSample } from '../formats/sample.ts';
import { hasOldLineEnds, withNewLineEnds } from '../input/old-line-ends.ts';

/** Takes the blocks of one text. */
export interface TextSink {
  push(block: Buffer): void | Promise<void>;
  end(): void | Promise<void>;
}

/** What only the whole text shows. */
const LATE_REFUSALS: ReadonlySet<string> = new Set(['COLUMN_MISSING', 'LABEL_MISSING']);

/**
 * Hands a refusal on that only the whole text shows.
 * @param instead takes the text from the block on that shows it
 */
export function withRefusals(
  sink: TextSink,
  refuse: (refusal: IngestError) => void,
  instead: TextSink | undefined,
): TextSink {
  let isRefused = false;
  const guard = async (step: (sink: TextSink) => void | Promise<void>): Promise<void> => {
    try {
      if (!isRefused) return await step(sink);
    } catch (error) {
      if (!(error instanceof IngestError) || !LATE_REFUSALS.has(error.code)) throw error;
      isRefused = true;
      refuse(error);
    }
    if (instead) await step(instead);
  };
  return { push: (block) => guard((to) => to.push(block)), end: () => guard((to) => to.end()) };
}

/**
 * Decides from its start where a text goes. An empty text is never opened.
 * @param name its path in the corpus, as files and archives spell it
 * @returns undefined to leave it out
 */
export type OpenText = (name: string, sample: TextSample) => Promise<TextSink | undefined>;

/** The sample does not depend on how blocks are cut. */
export class TextReader {
  readonly #open: OpenText;
  #name = '';
  #remarks: readonly string[] = [];
  #head: Buffer[] = [];
  #headBytes = 0;
  #isOpen = false;
  #sink: TextSink | undefined;

  constructor(open: OpenText) {
    this.#open = open;
  }

  /** Starts a text. The one before must have ended. @param remarks on how it was decoded */
  begin(name: string, remarks: readonly string[] = []): void {
    this.#name = name;
    this.#remarks = remarks;
  }

  async push(block: Buffer): Promise<void> {
    if (this.#isOpen) {
      await this.#sink?.push(block);
      return;
    }
    this.#head.push(block);
    this.#headBytes += block.length;
    if (this.#headBytes > SAMPLE_BYTES) await this.#start(false);
  }

  async end(): Promise<void> {
    if (!this.#isOpen && this.#headBytes > 0) await this.#start(true);
    await this.#sink?.end();
    this.#isOpen = false;
    this.#sink = undefined;
    this.#head = [];
    this.#headBytes = 0;
  }

  async #start(whole: boolean): Promise<void> {
    const head = Buffer.concat(this.#head);
    this.#head = [];
    const start = head.subarray(0, SAMPLE_BYTES);
    this.#isOpen = true;
    const sink = await this.#open(this.#name, createSample(start, whole, this.#remarks));
    this.#sink = sink && hasOldLineEnds(start) ? withLineFeeds(sink) : sink;
    await this.#sink?.push(head);
  }
}

function withLineFeeds(sink: TextSink): TextSink {
  return { push: (block) => sink.push(withNewLineEnds(block)), end: () => sink.end() };
}
