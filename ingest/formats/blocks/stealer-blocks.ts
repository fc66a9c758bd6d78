// Logs of stealers and exports of password viewers in blocks: one line each for the URL, the
// username and the password.

import { IngestError } from '../../errors.ts';
import { isSql } from '../../syntax/sql-lines.ts';
import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from '../format.ts';
import { refuse, refuseWith } from '../refusal.ts';
import { percent } from '../sample.ts';
import { BLOCK_NAMES } from '../table-names.ts';
import { findLayout, isLayout, LAYOUT_BYTES } from './block-layout.ts';
import { createBlockParser } from './block-parser.ts';

/** @param options may state labels and the separator behind them */
const stealerBlocksFormat = (options: FormatOptions = {}): CorpusFormat => ({
  name: 'stealer-blocks',
  options,
  feeds: ['account', 'password'],
  createParser: (sink) => createBlockParser(sink, options),
});

/** Labels of a username and a password are hardly ever anything else. */
const LABELS_SCORE = 1;
/** Values show less than labels. */
const VALUES_SCORE = 0.8;
/** Less of the text are blocks: it may be anything with some labels in it. */
const MIN_COVERAGE = 0.5;
/** The same labels in nearly all lines are blocks, whatever they name. */
const ALL = 0.9;
const HALF = 0.5;

export const stealerBlocksModule: FormatModule = {
  ...BLOCK_NAMES,
  create: (_name, options) => stealerBlocksFormat(options),
  recognise({ bytes, whole, share }, options) {
    if (share(isSql) > HALF) return undefined;
    const isAll = whole && bytes.length <= LAYOUT_BYTES;
    const layout = findLayout(bytes.subarray(0, LAYOUT_BYTES), isAll, options);
    if (!layout || layout.coverage < MIN_COVERAGE) return undefined;
    const format = stealerBlocksFormat(options);
    const lines = `${percent(layout.coverage)} of the lines begin with labels that come again`;
    if (isLayout(layout)) {
      const { isByValues } = layout;
      const names = isByValues
        ? 'their values show which are the username and the password'
        : 'they name a username and a password';
      const refusal = options.labels && isAll ? refusalOf(format, bytes) : undefined;
      if (refusal) return refuseWith(refusal, format, LABELS_SCORE);
      return { format, score: isByValues ? VALUES_SCORE : LABELS_SCORE, reasons: [lines, names] };
    }
    if (layout.coverage < ALL) return undefined;
    return refuseUnknown(format);
  },
};

/** Parses a whole text. @returns the error that the parser ends with */
function refusalOf(format: CorpusFormat, bytes: Buffer): IngestError | undefined {
  const parser = format.createParser({ credential() {}, reject() {} });
  try {
    parser.push(bytes);
    parser.end();
    return undefined;
  } catch (error) {
    if (error instanceof IngestError) return error;
    throw error;
  }
}

const refuseUnknown = (format: CorpusFormat): Recognised =>
  refuse(
    format,
    LABELS_SCORE,
    'these are blocks of labelled lines, and no label is known to name a username and a password',
    'Name them with --labels username=TEXT,password=TEXT, name another --format, or pass --skip-unrecognised.',
  );
