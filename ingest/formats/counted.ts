// Passwords with counts, and any separator: `password,count` and `count,password`.

import type { RejectReason } from '../rejects.ts';
import type { CorpusFormat, FormatModule, FormatOptions } from './format.ts';
import { cutRules, type FieldCut, lineFormat } from './line-parser.ts';
import { refuse } from './refusal.ts';
import { percent } from './sample.ts';

type Name = 'password-count' | 'count-password';
const NAMES: readonly Name[] = ['password-count', 'count-password'];
const SEPARATORS = [',', ';', '\t', ':', '|', ' '];
const COUNT = /^\d{1,15}$/;
const MOST = 0.8;
/** A header, or hashes beside the numbers, tell more of a text. */
const COUNTED_SCORE = 0.8;
const HALF = 0.5;

type CountedCut = FieldCut & { readonly times: number };

function cutCounted(line: string, name: Name, separator: string): CountedCut | RejectReason {
  if (line.trim() === '') return 'blank';
  const isFirst = name === 'count-password';
  const at = isFirst ? line.indexOf(separator) : line.lastIndexOf(separator);
  if (at === -1) return 'no-separator';
  const after = at + separator.length;
  const count = (isFirst ? line.slice(0, at) : line.slice(after)).trim();
  if (!COUNT.test(count) || Number(count) === 0) return 'bad-count';
  const [passwordAt, passwordEnd] = isFirst ? [after, line.length] : [0, at];
  return passwordAt === passwordEnd ? 'empty-password' : { passwordAt, passwordEnd, times: Number(count) };
}

const countedFormat = (name: Name, options: FormatOptions): CorpusFormat =>
  lineFormat(
    name,
    ['password'],
    cutRules((line) => cutCounted(line, name, options.separator ?? ',')),
    options,
  );

const isOrdered = (counts: readonly number[]): boolean =>
  counts.every((count, i) => i === 0 || count <= (counts[i - 1] as number));

export const countedModule: FormatModule = {
  names: NAMES,
  takes: ['separator'],
  create: (name, options) => countedFormat(name as Name, options),
  recognise(sample, options) {
    for (const separator of options.separator === undefined ? SEPARATORS : [options.separator])
      for (const name of NAMES) {
        // `uniq -c` has a format of its own.
        if (name === 'count-password' && /\s/.test(separator)) continue;
        const cuts = sample.lines
          .map((line) => cutCounted(line, name, separator))
          .filter((cut) => typeof cut !== 'string');
        const share = sample.lines.length === 0 ? 0 : cuts.length / sample.lines.length;
        if (share <= MOST) continue;
        // A number after an address is a password, and a text with another separator is a pair.
        const other = new RegExp(`[@${SEPARATORS.filter((text) => text !== separator && text !== ' ').join('')}]`);
        if (sample.share((line) => other.test(line)) > HALF) continue;
        // Numbers before several columns are ids.
        const isWide = (line: string): boolean => line.indexOf(separator) !== line.lastIndexOf(separator);
        if (separator !== ' ' && sample.share(isWide) > HALF) continue;
        const format = countedFormat(name, { ...options, separator });
        const what = `${percent(share)} of the lines are a text and a number`;
        if (isOrdered(cuts.map(({ times }) => times)))
          return { format, score: COUNTED_SCORE * share, reasons: [what, 'which descends'] };
        return refuse(
          format,
          COUNTED_SCORE * share,
          'the lines are texts and numbers, which may be counts or passwords',
          `Name the format: --format ${name} --separator ${JSON.stringify(separator)} for counts, or a combo for passwords.`,
        );
      }
    return undefined;
  },
};
