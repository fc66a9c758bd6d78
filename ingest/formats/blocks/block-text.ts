// The lines of a text, cut behind one separator: its labels, and the values of each.

import { LineSplitter } from '../../input/lines.ts';
import { newStart } from '../../input/old-line-ends.ts';
import { decodeText } from '../../input/text.ts';
import type { Labels } from '../format-options.ts';
import type { SeenLabel } from './block-roles.ts';
import { isOfCredential, type LabelRole, roleOfLabel } from './label-names.ts';
import { cutLabel, NO_SEPARATOR } from './labelled-line.ts';

export function linesOf(start: Buffer, whole: boolean): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter({ line: (bytes) => lines.push(decodeText(bytes)), tooLong() {} });
  const text = newStart(start);
  splitter.push(whole ? text : text.subarray(0, text.lastIndexOf(0x0a) + 1 || text.length));
  splitter.end();
  return lines;
}

export interface CutLine {
  readonly label: string;
  readonly value: string;
}

export interface CutText {
  readonly separator: string;
  /** Undefined for a line without a label. */
  readonly lines: readonly (CutLine | undefined)[];
  readonly labels: ReadonlyMap<string, CountedLabel>;
  readonly score: number;
}

interface CountedLabel {
  count: number;
  readonly role: LabelRole;
}

/** Long runs of marks take quadratic time. */
const MAX_FOLDED = 256;

export const foldLabel = (label: string): string =>
  label.length > MAX_FOLDED ? label : label.normalize('NFKC').toLowerCase();

/** Labels that come again; one alone may be any text. */
export const MIN_REPEATED = 3;

export function cutText(lines: readonly string[], separator: string, stated: Labels | undefined): CutText {
  const labels = new Map<string, CountedLabel>();
  const cut = lines.map((line) => {
    const found = cutLabel(line, separator);
    if (!found) return undefined;
    const label = foldLabel(found.label);
    const known = labels.get(label);
    if (known) known.count++;
    else labels.set(label, { count: 1, role: roleOfLabel(found.label, stated) });
    return { label, value: found.value };
  });
  let score = 0;
  for (const { count, role } of labels.values())
    if (isOfCredential(role) || (separator !== NO_SEPARATOR && count >= MIN_REPEATED)) score += count;
  return { separator, lines: cut, labels, score };
}

export const isRepeated =
  ({ labels }: CutText) =>
  (label: string): boolean =>
    (labels.get(label)?.count ?? 0) >= MIN_REPEATED;

/** Share of the labels of credentials that must have their value below. */
export const MOST = 0.6;

export function areBelow({ lines: cut, labels }: CutText, lines: readonly string[]): boolean {
  let all = 0;
  let below = 0;
  for (const [i, found] of cut.entries()) {
    const role = found && labels.get(found.label)?.role;
    if (role !== 'login' && role !== 'password') continue;
    all++;
    const next = lines[i + 1] ?? '';
    if (found?.value.trim() === '' && next.trim() !== '' && !isLabelAlone(cut[i + 1], labels)) below++;
  }
  return all > 0 && below > MOST * all;
}

/** A usual label without a value. */
export const isLabelAlone = (cut: CutLine | undefined, labels: CutText['labels']): boolean =>
  cut !== undefined && cut.value.trim() === '' && isOfCredential(labels.get(cut.label)?.role ?? 'unknown');

/** The values of each label, in the order in which the labels come first. */
export function valuesOf(
  { lines: cut, labels, separator }: CutText,
  lines: readonly string[],
  isBelow: boolean,
): Map<string, SeenLabel> {
  const seen = new Map<string, SeenLabel>();
  for (let i = 0; i < cut.length; i++) {
    const found = cut[i];
    if (!found) continue;
    const role = labels.get(found.label)?.role ?? 'unknown';
    if (separator === NO_SEPARATOR && !isOfCredential(role)) continue;
    const values: string[] = seen.get(found.label)?.values ?? [];
    if (values.length === 0) seen.set(found.label, { label: found.label, role, values });
    // The line below a label is its value, even if it looks like a label.
    if (isBelow && found.value.trim() === '' && !isLabelAlone(cut[i + 1], labels)) values.push(lines[++i] ?? '');
    else values.push(found.value);
  }
  return seen;
}

const GAP = /^[ \t\u00a0\u3000]*/;

/** White space that most values begin with. @returns undefined for too few */
export function gapOf(seen: readonly SeenLabel[]): string | undefined {
  const gaps = new Map<string, number>();
  const filled = seen.flatMap(({ values }) => values).filter((value) => value.trim() !== '');
  for (const value of filled) {
    const gap = GAP.exec(value)?.[0] ?? '';
    gaps.set(gap, (gaps.get(gap) ?? 0) + 1);
  }
  const [gap, count] = [...gaps].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return filled.length >= MIN_REPEATED && 2 * count > filled.length ? gap : undefined;
}
