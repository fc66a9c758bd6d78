// Generates corpus files with the truth about each, from a seed and a number.
//
// Nothing here knows how ingest reads: the files are what the tools and people that make corpora
// write.

import { createRandom, type Random } from '../random.ts';
import { Content, type Draft, type Truth } from './draft.ts';
import { ENCODINGS, encodeText, suits } from './encodings.ts';
import { describeFormat, type Format, isHeldOut, pickFormat } from './families.ts';
import { addNoise } from './noise.ts';
import { victimTree } from './victims.ts';
import { type Script, Vocabulary } from './vocabulary.ts';
import { type Tree, WRAPS } from './wraps.ts';

export interface GeneratedFile {
  readonly number: number;
  /** For a table of results: the family, or the kind of mixture. */
  readonly group: string;
  /** All that was varied. */
  readonly combination: string;
  readonly isHeldOut: boolean;
  readonly tree: Tree;
  /** The paths that an operator names: the only file, or the folder of all. */
  readonly isFolder: boolean;
  readonly truth: Truth;
  /** Lines that are no credentials and no blank lines. */
  readonly noiseLines: number;
  /** Options by which an operator names what no reader can know. */
  readonly options: readonly string[];
  /** What no reader can know was not named: a refusal is right. */
  readonly mayRefuse: boolean;
}

interface Part {
  readonly format: Format;
  readonly varied: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly truth: Truth;
  readonly noiseLines: number;
  readonly options: readonly string[];
  readonly mayRefuse: boolean;
}

const SCRIPTS: readonly Script[] = [
  ...(['ascii', 'ascii', 'ascii', 'ascii', 'latin', 'latin', 'central', 'cyrillic'] as const),
  ...(['turkish', 'chinese', 'japanese', 'korean', 'any', 'any'] as const),
];
const LINE_ENDS = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\r\n', '\r', '\r\r\n', 'mixed'];
const NAMES = ['combo', 'dump', 'leak', 'passwords', 'part1', 'users', 'export', 'accounts', 'data'];

const shown = (text: string): string => JSON.stringify(text).slice(1, -1);

function withLineEnds(text: string, ends: string, random: Random): string {
  const last = random.below(8) === 0 ? '' : '\n';
  const whole = `${text}${last}`;
  if (ends === 'mixed') return whole.replaceAll('\n', () => random.pick(['\n', '\r\n']));
  return whole.replaceAll('\n', ends);
}

/** An encoding that has the characters of the text. */
function pickEncoding(text: string, isOfLines: boolean, random: Random) {
  for (;;) {
    const encoding = random.pick(ENCODINGS);
    if (suits(encoding.name, text, isOfLines)) return encoding;
  }
}

/** A size: most files are small, some are longer than any sample. */
const sizeOf = (random: Random): number => (random.below(40) === 0 ? 4000 : 20 + random.below(180));

function makePart(seed: number, mark: string, isBuilt: boolean, accepts: (format: Format) => boolean): Part {
  const random = createRandom(seed);
  let format = pickFormat(random, isBuilt);
  while (!accepts(format)) format = pickFormat(random, isBuilt);
  const script = random.pick(SCRIPTS);
  const words = new Vocabulary(random.next(), script, mark);
  const { family, dialect, separator } = format;
  const draft: Draft = family.make({ words, dialect, separator, size: sizeOf(random) });
  const name = `${random.pick(NAMES)}${random.below(100)}.${draft.extension}`;
  const base = { format, name, truth: draft.truth, options: draft.options ?? [], mayRefuse: false, noiseLines: 0 };
  if (draft.bytes) return { ...base, varied: 'bytes', bytes: draft.bytes };
  const kinds = kindsOf(draft, separator);
  const kind = kinds.length > 0 && random.below(100) < 45 ? random.pick(kinds) : 'none';
  const { text, noiseLines } = addNoise(draft, kind, words);
  const ends = draft.isFixed ? '\n' : random.pick(LINE_ENDS);
  const written = withLineEnds(text, ends, random);
  const encoding = draft.isFixed ? { name: 'utf-8' } : pickEncoding(written, draft.extension === 'txt', random);
  const isNamed = 'label' in encoding && random.below(2) === 0;
  return {
    ...base,
    varied: `${encoding.name}${isNamed ? ' (named)' : ''}, ${shown(ends)}, noise: ${kind}, ${script}`,
    bytes: encodeText(encoding.name, written, random),
    noiseLines,
    options: [...base.options, ...(isNamed ? ['--encoding', encoding.label as string] : [])],
    mayRefuse: 'label' in encoding && !isNamed,
  };
}

/** Noise that no reader takes for a credential: without the separator of the format. */
function kindsOf({ noise }: Draft, separator: string): Draft['noise'] {
  if (separator === ' ') return noise.filter((kind) => kind === 'blank');
  if (separator === '--' || separator === '~' || separator === '=')
    return noise.filter((kind) => kind === 'blank' || kind === 'comments');
  return noise;
}

const MIXTURES = [
  ...Array.from({ length: 14 }, () => 'plain'),
  ...['gzip', 'zstd', 'zip', 'tar', 'tar.gz', 'folder', 'zip in a zip'],
  ...['several', 'several', 'several', 'victims'],
];

function joined(parts: readonly Part[]): Pick<GeneratedFile, 'truth' | 'noiseLines' | 'options' | 'mayRefuse'> {
  const truth: Truth = { holds: new Content(), mayHold: new Content() };
  for (const part of parts) {
    truth.holds.add(part.truth.holds);
    truth.mayHold.add(part.truth.mayHold);
  }
  return {
    truth,
    noiseLines: parts.reduce((sum, part) => sum + part.noiseLines, 0),
    options: parts.flatMap((part) => part.options),
    mayRefuse: parts.some((part) => part.mayRefuse),
  };
}

/** @param isBuilt leaves out formats that are held out */
export function generateFile(seed: number, number: number, isBuilt = false): GeneratedFile {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const mark = `q${number.toString(36)}k`;
  const mixture = random.pick(MIXTURES);
  if (mixture === 'victims') return { ...victimTree(random.next(), mark), number };
  if (mixture === 'several') return severalFiles(random, number, mark, isBuilt);
  const part = makePart(random.next(), mark, isBuilt, () => true);
  const plain: Tree = new Map([[part.name, part.bytes]]);
  return {
    ...joined([part]),
    number,
    group: part.format.family.name,
    combination: `${describeFormat(part.format)}; ${part.varied}; ${mixture}`,
    isHeldOut: isHeldOut(part.format),
    tree: WRAPS[mixture]?.(plain) ?? plain,
    isFolder: mixture === 'folder',
  };
}

/** Files of several formats in one folder or archive, perhaps with a picture. */
function severalFiles(random: Random, number: number, mark: string, isBuilt: boolean): GeneratedFile {
  const parts = Array.from({ length: 2 + random.below(3) }, (_, at) =>
    // Options of one file would be taken for all of them.
    makeNamelessPart(random, `${mark}${at}w`, isBuilt),
  );
  const tree = new Map(parts.map(({ name, bytes }, at) => [`${random.pick(['a', 'b', 'c'])}/${at}-${name}`, bytes]));
  const wrap = random.pick(['folder', 'folder', 'zip', 'tar.gz']);
  if (random.below(3) === 0)
    tree.set('a/photo.jpg', Buffer.concat([Buffer.from('\xff\xd8\xff\xe0\0\x10JFIF\0', 'latin1'), random.bytes(5000)]));
  return {
    ...joined(parts),
    number,
    group: 'several formats',
    combination: `${wrap}: ${parts.map(({ format, varied }) => `${describeFormat(format)}; ${varied}`).join(' + ')}`,
    isHeldOut: parts.some(({ format }) => isHeldOut(format)),
    tree: WRAPS[wrap]?.(tree) ?? tree,
    isFolder: wrap === 'folder',
  };
}

const UNREADABLE = ['no corpus', 'user:hash', 'tables of hashes'];

function makeNamelessPart(random: Random, mark: string, isBuilt: boolean): Part {
  for (;;) {
    const part = makePart(random.next(), mark, isBuilt, ({ family }) => !UNREADABLE.includes(family.name));
    if (part.options.length === 0 && !part.mayRefuse) return part;
  }
}
