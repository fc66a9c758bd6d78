// A text of a kind that is known, and that is not read: the error to refuse it with.

import { IngestError } from '../errors.ts';
import type { CorpusFormat, Recognised } from './format.ts';

/** @param what the text is, or may be */
export const refuse = (format: CorpusFormat, score: number, what: string, hint: string): Recognised =>
  refuseWith(new IngestError('FORMAT_UNRECOGNISED', what, hint), format, score);

export const refuseWith = (refusal: IngestError, format: CorpusFormat, score: number): Recognised => ({
  format,
  score,
  reasons: [refusal.message],
  refusal,
});
