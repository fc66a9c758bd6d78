// Recognises lists of pairs: a username, a separator and a password in each line.

import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from '../format.ts';
import {
  areNumbered,
  isAddress,
  isHash,
  isUsername,
  numberLength,
  startsWithScheme,
  withoutHead,
} from '../line-parser.ts';
import { percent } from '../sample.ts';
import { COMBO_FORMATS, comboFormatOf } from './line-format.ts';

/** Without e-mail addresses as usernames, and what they add. */
const PAIRS_SCORE = 0.55;
const ADDRESSES_SCORE = 0.3;
/** Separators that stand in usernames and passwords too: only addresses show that they separate. */
const RARE = [
  ' : ',
  ' | ',
  ' - ',
  ' = ',
  ' => ',
  '----',
  '---',
  '::',
  '=>',
  '=',
  ' ',
  '~',
  '#',
  '*',
  '/',
  '\\',
  '^',
  '§',
];
const HALF = 0.5;
const MOST = 0.8;
const FEW = 0.2;

interface Stats {
  readonly pairs: number;
  readonly addresses: number;
  /** Passwords that are padded, or contain the separator or an address. */
  readonly strange: number;
  readonly distinct: number;
  readonly hashes: number;
}

function statsOf(lines: readonly string[], separator: string): Stats {
  const usernames = new Set<string>();
  const stats = { pairs: 0, addresses: 0, strange: 0, distinct: 0, hashes: 0 };
  for (const line of lines) {
    // A URL before the pair is told by its scheme.
    if (separator === ':' && startsWithScheme(line)) continue;
    const at = line.indexOf(separator);
    if (at <= 0 || at + separator.length === line.length) continue;
    const username = line.slice(0, at).trim();
    if (!isUsername(username)) continue;
    const password = line.slice(at + separator.length);
    stats.pairs++;
    usernames.add(username);
    if (isAddress(username)) stats.addresses++;
    if (isHash(username)) stats.hashes++;
    const isRepeated = separator !== ' ' && password.includes(separator);
    if (isRepeated || password.startsWith(' ') || isAddress(password.split(/[:;,|\t ]/, 1)[0] ?? '')) stats.strange++;
  }
  return { ...stats, distinct: usernames.size };
}

function recognisePairs(
  sampled: readonly string[],
  separator: string,
  create: (options: FormatOptions) => CorpusFormat,
): Recognised | undefined {
  const head = withoutHead(sampled);
  const numbered = areNumbered(head);
  const lines = numbered ? head.map((line) => line.slice(numberLength(line))) : head;
  const urls = separator === ':' ? lines.filter(startsWithScheme).length : 0;
  const { pairs, addresses, strange, distinct, hashes } = statsOf(lines, separator);
  if (pairs + urls < HALF * lines.length || hashes > FEW * pairs) return undefined;
  if (RARE.includes(separator) && addresses < MOST * pairs) return undefined;
  // A few names again and again are labels.
  if (distinct < FEW * pairs && distinct < 5) return undefined;
  if (strange > HALF * pairs) return undefined;
  const share = (pairs + urls) / lines.length;
  const likely = PAIRS_SCORE + ADDRESSES_SCORE * (addresses / pairs);
  return {
    format: create(numbered ? { numbered } : {}),
    score: share * likely,
    reasons: [
      `${percent(share)} of the lines are pairs`,
      `${percent(addresses / pairs)} of the usernames are e-mail addresses`,
      ...(numbered ? ['the lines are numbered'] : []),
    ],
  };
}

/** The separators with formats of their own. */
const namedModules: readonly FormatModule[] = COMBO_FORMATS.map(([separator, { name }]) => ({
  names: [name],
  takes: ['numbered'],
  create: (_name, options) => comboFormatOf(name, separator, options),
  recognise: ({ lines }) => recognisePairs(lines, separator, (options) => comboFormatOf(name, separator, options)),
}));

/** Any other separator: stated, or one of those that are seen now and then. */
const otherModule: FormatModule = {
  names: [],
  takes: ['separator', 'numbered'],
  create: (name, options) => comboFormatOf(name, options.separator ?? ':', options),
  recognise({ lines }, { separator: stated }) {
    const candidates = stated === undefined ? RARE : [stated];
    return candidates
      .map((separator) =>
        recognisePairs(lines, separator, (options) => comboFormatOf('combo', separator, { separator, ...options })),
      )
      .filter((found) => found !== undefined)
      .sort((a, b) => b.score - a.score)[0];
  },
};

const [colonModule, ...othersNamed] = namedModules as [FormatModule, ...FormatModule[]];

export const comboModules: readonly FormatModule[] = [
  // `--format combo` takes any separator.
  {
    ...colonModule,
    takes: otherModule.takes,
    create: otherModule.create,
    recognise: (sample, options) =>
      options.separator === undefined ? colonModule.recognise(sample, options) : otherModule.recognise(sample, options),
  },
  ...othersNamed,
  { ...otherModule, takes: [] },
];
