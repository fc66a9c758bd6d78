// What lines with hashes are at one separator, and what recognisers say of them.

import { IngestError } from '../../errors.ts';
import type { CorpusFormat, Recognised } from '../format.ts';
import { isUsername } from '../line-parser.ts';
import { refuseWith } from '../refusal.ts';
import type { TextSample } from '../sample.ts';
import { hashKind } from './hash-kinds.ts';
import { sha1ListFormat } from './hash-list.ts';

/** Share of the lines that must have a shape: corpora are dirty. */
export const MOST = 0.8;
export const FEW = 0.1;

export type HashAndText = readonly [hash: string, text: string];

export interface Shapes {
  readonly separator: string;
  /** Lines of nothing but a hash. */
  readonly alone: string[];
  /** Lines of a hash and a number, in either order. */
  readonly counted: HashAndText[];
  /** Lines that begin with a hash. */
  readonly plain: HashAndText[];
  /** Lines whose second field is a hash, and what follows it. */
  readonly named: (readonly [hash: string, rest: string | undefined])[];
  /** Lines that end with a hash, and what precedes it. */
  readonly reversed: HashAndText[];
}

export function shapesOf(lines: readonly string[], separator: string): Shapes {
  const shapes: Shapes = { separator, alone: [], counted: [], plain: [], named: [], reversed: [] };
  for (const text of lines) {
    // Blanks at the end may be of a plaintext.
    const line = text.trim() === '' ? '' : text.trimStart();
    const [start, rest] = cut(line, separator);
    const first = rest === undefined ? start.trimEnd() : start;
    if (hashKind(first) !== undefined) {
      if (rest === undefined) shapes.alone.push(first);
      else {
        shapes.plain.push([first, rest]);
        if (/^\d{1,15}$/.test(rest.trim())) shapes.counted.push([first, rest.trim()]);
      }
      continue;
    }
    if (rest === undefined) continue;
    const last = line.slice(line.lastIndexOf(separator) + separator.length).trim();
    if (hashKind(last) !== undefined) shapes.reversed.push([last, line.slice(0, line.lastIndexOf(separator))]);
    const [field, third] = cut(rest, separator);
    const second = third === undefined ? field.trimEnd() : field;
    if (hashKind(second) === undefined) continue;
    if (third === undefined && /^\d{1,15}$/.test(first)) shapes.counted.push([second, first]);
    else if (isUsername(first)) shapes.named.push([second, third]);
  }
  return shapes;
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

export const shareOf = (part: number, { lines }: TextSample): number => (lines.length === 0 ? 0 : part / lines.length);

/** Whether `is` holds for most texts. */
export const areMost = (texts: readonly string[], is: (text: string) => boolean): boolean =>
  texts.length > 0 && texts.filter(is).length > MOST * texts.length;

const MIXED = 'hashes of several kinds';

/** The kind of the hashes of most lines. */
export function commonKind(hashes: readonly string[]): string {
  const kinds = new Map<string, number>();
  for (const hash of hashes) {
    const kind = hashKind(hash) ?? '';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const [kind, count] = [...kinds].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return count > MOST * hashes.length ? kind : MIXED;
}

export const found = (format: CorpusFormat, score: number, ...reasons: string[]): Recognised => ({
  format,
  score,
  reasons,
});

/** Texts that have no other reading are refused with what they are. */
export const refused = (score: number, what: string, hint: string): Recognised =>
  refuseWith(new IngestError('FORMAT_USELESS', what, hint), sha1ListFormat, score);

export const CRACK_HINT = 'No index takes them. Ingest what a cracker makes of them: hash:plain or user:hash:plain.';
