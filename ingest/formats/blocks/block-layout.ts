// Learns how the blocks of a text are written, from its start: the separator of their labels, what
// each label names, and where blocks end. The same few labels, block after block, show all of it.

import { passwordRank } from '../column-names.ts';
import type { FormatOptions } from '../format-options.ts';
import { type Bounds, boundsOf, isCyclic } from './block-order.ts';
import { type Role, rolesByValues } from './block-roles.ts';
import {
  areBelow,
  type CutText,
  cutText,
  gapOf,
  isLabelAlone,
  isRepeated,
  linesOf,
  MIN_REPEATED,
  MOST,
  valuesOf,
} from './block-text.ts';
import { hasFields, isNoise, isRuler, NO_SEPARATOR, SEPARATORS } from './labelled-line.ts';

/** Bytes of text that the layout is learnt from. */
export const LAYOUT_BYTES = 1 << 16;

export interface BlockLayout {
  readonly separator: string;
  /** By the folded label. */
  readonly labels: ReadonlyMap<string, KnownLabel>;
  /** White space between the separator and most values. */
  readonly gap: string;
  /** Whether a value stands on the line below its label. */
  readonly isBelow: boolean;
  readonly bounds: Bounds;
  /** Lines without a label that come again and again between blocks. */
  readonly furniture: ReadonlySet<string>;
  /** Of lines that are not blank, rulers or noise: those that the layout explains. */
  readonly coverage: number;
  /** Whether values decided what an unknown label names. */
  readonly isByValues: boolean;
}

export interface KnownLabel {
  readonly role: Role;
  /** White space between the separator and the value. */
  readonly gap: string;
  /** Of several passwords of a block, the one of the lowest rank counts. */
  readonly rank: number;
  /** Whether each block has it, beside others of its kind. */
  readonly isCompanion?: boolean;
  /** Whether neither its name nor its values show what it names. */
  readonly isStrange?: boolean;
}

/** Blocks of labels, none of which is known to name a login and a password. */
export interface UnknownLabels {
  readonly coverage: number;
}

/** @returns what is closest if no label names a login and a password; undefined for no blocks */
export function findLayout(
  start: Buffer,
  whole: boolean,
  options: FormatOptions,
): BlockLayout | UnknownLabels | undefined {
  const lines = linesOf(start, whole);
  const candidates = options.separator === undefined ? [...SEPARATORS, NO_SEPARATOR] : [options.separator];
  let best: { readonly cut: CutText; readonly score: number } | undefined;
  for (const separator of candidates) {
    if (separator !== '-' && !lines.some((line) => line.includes(separator === ':' ? '' : separator))) continue;
    const cut = cutText(lines, separator, options.labels);
    const isBetter =
      cut.score > (best?.score ?? 0) ||
      (cut.score === best?.score && cut.score > 0 && separator.length > best.cut.separator.length);
    if (isBetter) best = { cut, score: cut.score };
  }
  return best && describe(best.cut, lines);
}

export const isLayout = (found: BlockLayout | UnknownLabels | undefined): found is BlockLayout =>
  found !== undefined && 'labels' in found;

function describe(cut: CutText, lines: readonly string[]): BlockLayout | UnknownLabels | undefined {
  const { separator } = cut;
  const isBelow = separator === NO_SEPARATOR || areBelow(cut, lines);
  const seen = valuesOf(cut, lines, isBelow);
  const { roles, isByValues } = rolesByValues([...seen.values()]);
  const countOf = (role: Role): number =>
    [...seen.values()].reduce((sum, { label, values }) => sum + (roles.get(label) === role ? values.length : 0), 0);
  const [logins, passwords] = [countOf('login'), countOf('password')];
  if (logins === 0 || passwords === 0) return isCyclic(cut) ? measure(cut, lines, isBelow, isRepeated(cut)) : undefined;
  // In a few blocks, each label of something else may be there once.
  const rare = [...seen.values()].filter(({ label, role }) => role === 'unknown' && !isRepeated(cut)(label));
  const isShort = rare.length <= MAX_RARE * passwords && passwords < MIN_REPEATED;
  const isRegular = (label: string): boolean =>
    isRepeated(cut)(label) && (cut.labels.get(label)?.count ?? 0) > REGULAR * passwords;
  const isLearnt = (label: string): boolean =>
    isShort || isRegular(label) || roles.has(label) || cut.labels.get(label)?.role !== 'unknown';
  const gap = gapOf([...seen.values()]) ?? ' ';
  const labels = new Map(
    [...seen.values()]
      .filter(({ label }) => isLearnt(label))
      .map((label): [string, KnownLabel] => [
        label.label,
        {
          role: roles.get(label.label) ?? 'other',
          gap: gapOf([label]) ?? gap,
          rank: passwordRank(label.label),
          isCompanion: label.values.length > MOST * passwords,
          isStrange: label.role === 'unknown' && !roles.has(label.label),
        },
      ]),
  );
  const bounds = boundsOf(cut, lines, roles, isBelow);
  return { separator, labels, gap, isBelow, bounds, ...measure(cut, lines, isBelow, isLearnt), isByValues };
}

/** Of the blocks; a rarer label may be the username of a pair. */
const REGULAR = 0.1;
/** Labels of something else in one block. */
const MAX_RARE = 12;

const MAX_FURNITURE = 100;
const MAX_FURNITURE_LENGTH = 200;

/** Finds the lines that come again, and how much of the text the labels explain. */
function measure(
  { lines: cut, labels }: CutText,
  lines: readonly string[],
  isBelow: boolean,
  isExplained: (label: string) => boolean,
): { furniture: ReadonlySet<string>; coverage: number } {
  const others = new Map<string, number>();
  let explained = 0;
  let unexplained = 0;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    const found = cut[i];
    if (isRuler(line)) continue;
    if (found && isExplained(found.label)) {
      explained++;
      if (isBelow && found.value.trim() === '' && !isLabelAlone(cut[i + 1], labels)) i++;
    } else {
      if (!isNoise(line)) unexplained++;
      const text = line.trim();
      if (text.length <= MAX_FURNITURE_LENGTH && !hasFields(text)) others.set(text, (others.get(text) ?? 0) + 1);
    }
  }
  const again = [...others].filter(([, count]) => count >= MIN_REPEATED);
  const repeated = again.reduce((sum, [line, count]) => sum + (isNoise(line) ? 0 : count), 0);
  return {
    furniture: new Set(again.slice(0, MAX_FURNITURE).map(([line]) => line)),
    coverage: explained / Math.max(1, explained + unexplained - repeated),
  };
}
