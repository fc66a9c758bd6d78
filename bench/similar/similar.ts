// npm run bench:similar: the shares of similar and of unrelated pairs of passwords that the forms
// of PROTOCOL.md §3 match, compared with ten ranked tweaks; and the bytes that a pair takes with
// its forms. Seeded: the numbers are the same on every machine.

import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { encodeContent, shortenTags } from '../../protocol/bucket.ts';
import { TAG_LIMIT } from '../../protocol/entry.ts';
import { normalizePassword } from '../../protocol/normalize.ts';
import { MAX_SIMILAR_FORMS } from '../../protocol/private-input.ts';
import { askedForms, similarForms } from '../../protocol/similar.ts';
import { createRandom, type Random } from '../../test/support/random.ts';
import { DISSIMILAR, drawPair, type PasswordPair, SIMILAR_EDITS } from './similar-edits.ts';
import { drawOthersPair, drawPersonsPair } from './similar-people.ts';
import { rankedTweaks } from './similar-tweaks.ts';

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const PAIRS = Number(values.pairs);
const SEED = Number(values.seed);

const formTexts = (password: string, formsOf = similarForms): string[] =>
  formsOf(normalizePassword(password)).map((form) => Buffer.from(form).toString('latin1'));

/** Counts for one kind of pairs. */
class Count {
  pairs = 0;
  forms = 0;
  tweaks = 0;
  formEntries = 0;
  tweakEntries = 0;

  add({ leaked, typed }: PasswordPair): void {
    const stored = formTexts(leaked);
    const tweaks = rankedTweaks(leaked);
    this.pairs++;
    if (formTexts(typed, askedForms).some((form) => stored.includes(form))) this.forms++;
    if (tweaks.has(typed)) this.tweaks++;
    this.formEntries += stored.length;
    this.tweakEntries += tweaks.size;
  }

  addAll(other: Count): void {
    for (const member of ['pairs', 'forms', 'tweaks', 'formEntries', 'tweakEntries'] as const)
      this[member] += other[member];
  }

  row(name: string): string[] {
    const share = (found: number): string => `${((100 * found) / this.pairs).toFixed(2)}%`;
    const mean = (entries: number): string => (entries / this.pairs).toFixed(1);
    return [name, share(this.forms), share(this.tweaks), mean(this.formEntries), mean(this.tweakEntries)];
  }
}

function measure(random: Random, kinds: typeof SIMILAR_EDITS, total: string): string[][] {
  const all = new Count();
  const rows = Object.entries(kinds).map(([kind, makePair]) => {
    const count = new Count();
    for (let i = 0; i < PAIRS; i++) count.add(drawPair(random, makePair));
    all.addAll(count);
    return count.row(kind);
  });
  return [...rows, all.row(total)];
}

const BUCKET_USERNAMES = 1024;
const BUCKETS = 20;

/**
 * Bytes of a leaked pair in buckets of the smallest size that publishing makes: its own entry, that
 * of its username, and those of its forms.
 */
function bytesPerPair(random: Random): { readonly without: number; readonly with: number; readonly false: number } {
  const draw = (count: number): Float64Array => Float64Array.from({ length: count }, () => random.below(TAG_LIMIT));
  const sum = { without: 0, with: 0, false: 0 };
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    let formCount = 0;
    for (let i = 0; i < BUCKET_USERNAMES; i++) formCount += formTexts(drawPair(random, drawPersonsPair).leaked).length;
    const tags = draw(2 * BUCKET_USERNAMES).sort();
    const plain = { tags, metadata: new Uint8Array(tags.length), metadataBytes: 1 } as const;
    const forms = shortenTags(draw(formCount));
    sum.without += encodeContent(plain).length / BUCKET_USERNAMES / BUCKETS;
    sum.with += encodeContent({ ...plain, forms }).length / BUCKET_USERNAMES / BUCKETS;
    sum.false += (MAX_SIMILAR_FORMS * forms.tags.length) / 2 ** forms.bits / BUCKETS;
  }
  return sum;
}

const random = createRandom(SEED);
console.log(
  `${PAIRS.toLocaleString('en-US')} pairs of each kind, seed ${SEED}; entries: stored per leaked pair, besides the pair itself\n`,
);
const head = (what: string): string[] => [what, 'FORMS', 'TEN TWEAKS', 'ENTRIES', 'ENTRIES'];
console.log(formatTable(head('SIMILAR: FOUND'), measure(random, SIMILAR_EDITS, 'all kinds, equally weighted')));
console.log();
console.log(
  formatTable(head('AS PEOPLE MAKE THEM, WEIGHTED'), [
    ...measure(random, { 'passwords of one person, edited': drawPersonsPair }, 'found').slice(0, 1),
    ...measure(random, { 'passwords of one person, others': drawOthersPair }, 'false alarms').slice(0, 1),
  ]),
);
console.log();
console.log(formatTable(head('DISSIMILAR: FALSE ALARMS'), measure(random, DISSIMILAR, 'all kinds, equally weighted')));

const bytes = bytesPerPair(random);
console.log();
console.log(
  formatTable(
    ['A PAIR IN A BUCKET', ''],
    [
      ['bytes without forms', bytes.without.toFixed(2)],
      ['bytes with forms', bytes.with.toFixed(2)],
      ['false findings by short tags, a check', `${(100 * bytes.false).toFixed(2)}%`],
    ],
  ),
);
