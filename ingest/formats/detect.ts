// Detects the format of a text from its first lines: the one of the best score.

import { IngestError } from '../errors.ts';
import type { FormatOptions, Recognised } from './format.ts';
import { FORMAT_MODULES } from './registry.ts';
import type { TextSample } from './sample.ts';

/** The rest of a SHA-1 or NTLM hash, and a count. */
const RANGE_ROW = /^\s*(?:[0-9a-f]{35}|[0-9a-f]{27}):\d{1,15}\s*$/i;
const HALF = 0.5;

/** A best score below this is a refusal. */
const BAR = 0.2;
/** So is another format that is closer than this to the best. */
const MARGIN = 0.05;

/**
 * @param options what the operator stated: formats that do not take it are no candidates
 * @throws IngestError `FORMAT_UNRECOGNISED`, `RANGE_NAMELESS`, or that of the format
 */
export function detectFormat(sample: TextSample, options: FormatOptions = {}): Recognised {
  if (sample.share((line) => RANGE_ROW.test(line)) > HALF) throw nameless();
  const candidates = recogniseAll(sample, options);
  const [best, second] = candidates;
  if (!best || best.score < BAR || (second && best.score - second.score < MARGIN)) throw unrecognised(candidates);
  if (best.refusal) throw best.refusal;
  return best;
}

/** The name of a range file has the rest of its hashes: no format can read such rows. */
function nameless(): IngestError {
  return new IngestError(
    'RANGE_NAMELESS',
    'these are the rows of a range of Have I Been Pwned, whose first five digits are in its file name',
    'Name the file after them, as in 21BD1.txt, or pass the folder or archive as its downloader wrote it.',
  );
}

/** Every format that the text may have, the best first. */
function recogniseAll(sample: TextSample, options: FormatOptions): Recognised[] {
  const stated = Object.keys(options) as (keyof FormatOptions)[];
  return FORMAT_MODULES.filter(({ takes }) => stated.every((option) => takes.includes(option)))
    .map((module) => module.recognise(sample, options))
    .filter((found) => found !== undefined)
    .sort((a, b) => b.score - a.score);
}

function unrecognised(candidates: readonly Recognised[]): IngestError {
  const guesses = candidates.slice(0, 3).map(({ format }) => `--format ${format.name}`);
  return new IngestError(
    'FORMAT_UNRECOGNISED',
    'the format of the corpus is not clear',
    guesses.length > 0 ? `Name it: ${guesses.join(' or ')}.` : 'Name it with --format.',
  );
}
