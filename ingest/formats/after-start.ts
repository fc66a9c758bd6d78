// A parser that begins when it has the start of a text, which the text's dialect is found from.

import { hasOldLineEnds, withNewLineEnds } from '../input/old-line-ends.ts';
import type { CorpusParser } from './format.ts';

/**
 * @param bytes of the start: the same ones, whatever blocks they come in
 * @param begin takes these, and what came in the same block, with line ends of today, and whether
 * that is the whole text
 */
export function afterStart(bytes: number, begin: (start: Buffer, whole: boolean) => CorpusParser): CorpusParser {
  let start: Buffer[] = [];
  let length = 0;
  let isOld = false;
  let rows: CorpusParser | undefined;
  const beginRows = (whole: boolean): CorpusParser => {
    let text: Buffer = Buffer.concat(start);
    start = [];
    isOld = hasOldLineEnds(text.subarray(0, bytes));
    if (isOld) text = withNewLineEnds(text);
    return begin(text, whole);
  };
  return {
    push(block) {
      if (rows) {
        rows.push(isOld ? withNewLineEnds(block) : block);
        return;
      }
      // Copied, because the caller may reuse the block.
      start.push(Buffer.from(block));
      length += block.length;
      if (length > bytes) rows = beginRows(false);
    },
    end() {
      rows ??= beginRows(true);
      rows.end();
    },
  };
}
