// Lines between credentials that are none: blank lines, comments, advertisements, broken lines.

import type { Draft, NoiseKind } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';

const LINES: { readonly [kind in NoiseKind]: (words: Vocabulary) => string } = {
  blank: () => '',
  comments: (words) =>
    words.pick([`# leak ${words.date()} shared by ${words.word()}`, '// end of part', `## ${words.word()}`, '# ---']),
  ads: (words) =>
    words.pick([
      `>>> t.me/${words.word()}_cloud <<<`,
      `[+] Join @${words.word()}logs for more [+]`,
      `https://t.me/${words.word()}`,
      `*** ${words.word().toUpperCase()} CLOUD ***`,
      'FREE COMBO BY @somebody',
    ]),
  rulers: (words) => words.pick(['=', '-', '*', '_', '#']).repeat(words.number(8, 60)),
  broken: (words) =>
    words.pick([
      `${words.word()}${words.number(1, 99)}`,
      '\u0001\u0002\u0003',
      '   ',
      `${words.word()}\u0000\u0000\u0000${words.word()}`,
      'x'.repeat(words.chance(5) ? 90_000 : 12),
    ]),
};

export const NOISE_KINDS = Object.keys(LINES) as readonly NoiseKind[];

export interface NoisyText {
  readonly text: string;
  /** Lines that hold no credential and that a reader counts as rejected. */
  readonly noiseLines: number;
}

/** Writes a draft with noise at its top and between one record in 60. */
export function addNoise({ head, records, tail }: Draft, kind: NoiseKind | 'none', words: Vocabulary): NoisyText {
  const lines: string[] = [];
  let noiseLines = 0;
  const make = (): void => {
    if (kind === 'none') return;
    lines.push(LINES[kind](words));
    if (kind !== 'blank') noiseLines++;
  };
  const isHeaded = head.length > 0;
  if (!isHeaded) for (let left = words.number(0, 4); left > 0; left--) make();
  lines.push(...head);
  for (const record of records) {
    lines.push(record);
    if (words.random.below(60) === 0) make();
  }
  lines.push(...tail);
  return { text: lines.join('\n'), noiseLines };
}
