// Labels that the operator states: a text of blocks that has none of them is refused.

import { expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../../support/corpus-text.ts';

const blocks = (login: string, password: string, count = 20): string =>
  Array.from({ length: count }, (_, i) => `${login}: ann${i}@example.test\n${password}: secret${i}\n\n`).join('');

test.each([
  [{ username: ['Werr'], password: ['Password'] }, /no line has the label "Werr" for username; .*: Login, Password/],
  [{ username: ['Login', 'Werr'], password: ['Password'] }, /no line has the label "Werr" for username; .*: Login/],
  [{ username: ['Login'], password: ['Wort', 'Wert'] }, /no line has the label "Wort" or "Wert" for password/],
])('a label that no line has, beside usual ones, refuses the text (%#)', (labels, message) => {
  for (const count of [20, 4000]) {
    const text = blocks('Login', 'Password', count);
    const refusal = refusalOf(() => readCorpus(text, { labels }));
    expect(refusal).toMatch(/^LABEL_MISSING: .* \/ Pass --labels/);
    expect(refusal).toMatch(message);
    expect(refusalOf(() => parseAll(createFormat('stealer-blocks', { labels }), [text]))).toBe(refusal);
  }
});

test('one of several labels is enough, as it is spelled or not', () => {
  const labels = { username: ['Konto', 'Kennung'], password: ['geheim', '->'] };
  expect(readCorpus(blocks('KENNUNG', 'Geheim', 2), { labels })).toEqual([
    'ann0@example.test|secret0',
    'ann1@example.test|secret1',
  ]);
});

test.each([undefined, { username: ['Wer'], password: ['Wort'] }])(
  'without lines between blocks, none is read and rejected too (%#)',
  (labels) => {
    const site = labels ? '' : 'URL: https://a.example\n';
    const lines = Array.from({ length: 20 }, (_, i) => `${site}Wer: ann${i}@example.test\nWort: Secret-${i}\n`);
    const pairs = lines.map((_, i) => `ann${i}@example.test|Secret-${i}`);
    expect(readCorpus(lines.join(''), { ...(labels && { labels }) })).toEqual(pairs);
  },
);
