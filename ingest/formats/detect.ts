// Detects the format of a text from its first lines: the one of the best score.

import { IngestError } from '../errors.ts';
import { maskLine } from '../mask.ts';
import { refuseDocument } from './documents.ts';
import type { FormatModule, FormatOptions, Recognised } from './format.ts';
import { percent, type TextSample } from './sample.ts';

/** The rest of a SHA-1 or NTLM hash, and a count. */
const RANGE_ROW = /^\s*(?:[0-9a-f]{35}|[0-9a-f]{27}):\d{1,15}\s*$/i;
const HALF = 0.5;

/** A best score below this is a refusal. */
const BAR = 0.4;
/** So is another format that is closer than this to the best. */
const MARGIN = 0.05;

/**
 * @param modules of the formats that the text may have; of equal scores, the earlier wins
 * @param options what the operator stated: formats that do not take it are no candidates
 * @throws IngestError `FORMAT_UNRECOGNISED`, `RANGE_NAMELESS`, or that of the format
 */
export function detectAmong(modules: readonly FormatModule[], sample: TextSample, options: FormatOptions): Recognised {
  if (sample.share((line) => RANGE_ROW.test(line)) > HALF) throw nameless();
  const document = refuseDocument(sample);
  if (document) throw document;
  const candidates = recogniseAll(modules, sample, options);
  const certain = candidates.find(({ isCertain }) => isCertain);
  if (certain) return certain;
  const [best, second] = candidates;
  // It knows what the text is, whatever else its lines resemble.
  if (best?.refusal && best.score === 1) throw best.refusal;
  if (!best || best.score < BAR || (second && best.score - second.score < MARGIN))
    throw unrecognised(sample, candidates, options);
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

/** Every format that the text may have, the best first. A share of no lines is no score. */
function recogniseAll(modules: readonly FormatModule[], sample: TextSample, options: FormatOptions): Recognised[] {
  const stated = Object.keys(options) as (keyof FormatOptions)[];
  return modules
    .filter(({ takes }) => stated.every((option) => takes.includes(option)))
    .map((module) => module.recognise(sample, options))
    .filter((found) => found !== undefined)
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
}

const EXAMPLES = 2;
const GUESSES = 3;

function unrecognised({ lines }: TextSample, candidates: readonly Recognised[], options: FormatOptions): IngestError {
  if (lines.length === 0)
    return new IngestError(
      'FORMAT_UNRECOGNISED',
      'all of its lines are blank',
      'Leave the file out, or pass --skip-unrecognised.',
    );
  const seen = lines.slice(0, EXAMPLES).map((line) => maskLine(line));
  const guesses = candidates.slice(0, GUESSES).map(({ format, score }) => {
    const { separator } = format.options;
    const stated = separator === undefined ? '' : ` --separator ${JSON.stringify(separator)}`;
    return `--format ${format.name}${stated} (${percent(score)})`;
  });
  const stated = Object.keys(options).length > 0 ? ' with what was stated' : '';
  return new IngestError(
    'FORMAT_UNRECOGNISED',
    `the format is not clear${stated}; its lines are like ${seen.join('   ') || 'nothing'}`,
    guesses.length > 0
      ? `Name it if it is one of these: ${guesses.join(', ')}. ${OTHERWISE}`
      : `Name it with --format if it is one that was not recognised. ${OTHERWISE}`,
  );
}

const OTHERWISE =
  'Lines with more fields: --format csv --columns username=2,password=3 --separator TEXT. Blocks: --labels.';
