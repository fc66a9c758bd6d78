// Detects the format of a text from its first lines: the one of the best score.

import { IngestError } from '../errors.ts';
import type { FormatOptions, Recognised } from './format.ts';
import { FORMAT_MODULES } from './registry.ts';
import type { TextSample } from './sample.ts';

/** A best score below this is a refusal. */
const BAR = 0.2;
/** So is another format that is closer than this to the best. */
const MARGIN = 0.05;

/**
 * @param options what the operator stated: formats that do not take it are no candidates
 * @throws IngestError `FORMAT_UNRECOGNISED`
 */
export function detectFormat(sample: TextSample, options: FormatOptions = {}): Recognised {
  const candidates = recogniseAll(sample, options);
  const [best, second] = candidates;
  if (!best || best.score < BAR || (second && best.score - second.score < MARGIN)) throw unrecognised(candidates);
  return best;
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
