// A line `label separator value` of a block, and the lines between blocks.

import type { RejectReason } from '../../rejects.ts';

/** The longest label, and some room. */
const MAX_LABEL = 40;
const MAX_WORDS = 6;
const LABEL = /^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}\p{Cf} ._/'’()@$+&-]*$/u;
const ADDRESS = /@.+\./;
const LETTER = /\p{L}/u;
/** Marks before a label: `[+] URL`, `- URL`, `• URL`, and pictures. */
const MARKS = /^(?:\[[^\p{L}\p{N}\]]{0,3}\]|[-–—*•·>+|#~→►▪\s]|\p{Extended_Pictographic}|\u{fe0f}){0,12}/u;
const NUMBER = /^\d{1,6}[.)]\s+/;
const TAIL = /[^\p{L}\p{M}\p{N})@$]+$/u;

/** What can stand behind a label. */
export const SEPARATORS = [
  ':',
  '=',
  '-',
  '|',
  '\t',
  '::',
  '=>',
  '->',
  '>>',
  '==',
  '--',
  '~',
  '»',
  '>',
  ';',
  ',',
] as const;
/** Of these, the ones that prose hardly ever has behind a few words. */
const MARKED_SEPARATORS = [':', '=>', '->', '>>', '==', '::', '=', '|', '\t', '~', '»'] as const;
const MARK = /[:：=>|\t~»]/;
/** Those that may stand in the line: most lines of other texts have none. */
export const marksIn = (line: string): readonly string[] => (MARK.test(line) ? MARKED_SEPARATORS : []);
/** The label is a line of its own, and the value is the next one. */
export const NO_SEPARATOR = '';

export interface LabelledLine {
  readonly label: string;
  /** With what follows the separator. */
  readonly value: string;
}

/** @returns undefined for any other line */
export function cutLabel(line: string, separator: string): LabelledLine | undefined {
  const [at, length] = findSeparator(line, separator);
  if (at === -1) return undefined;
  const label = labelOf(line.slice(0, at));
  if (label === undefined) return undefined;
  // `https://…` is no label.
  if (separator === ':' && line.startsWith('//', at + length)) return undefined;
  return { label, value: line.slice(at + length) };
}

const COLON = /[:：]/;
/** A dash between words has blanks around it. */
const DASH = /\s[-–—](?=\s|$)/;

function findSeparator(line: string, separator: string): [at: number, length: number] {
  const start = line.slice(0, 2 * MAX_LABEL);
  if (separator === NO_SEPARATOR) return line.length > MAX_LABEL ? [-1, 0] : [line.length, 0];
  if (separator === ':') return [start.search(COLON), 1];
  if (separator === '-') return [start.search(DASH), 2];
  const trimmed = separator === '\t' ? separator : separator.trim() || separator;
  return [start.indexOf(trimmed), trimmed.length];
}

function labelOf(text: string): string | undefined {
  const label = text.replace(MARKS, '').replace(NUMBER, '').replace(TAIL, '');
  if (label.length > MAX_LABEL || !LABEL.test(label) || !LETTER.test(label)) return undefined;
  if (ADDRESS.test(label)) return undefined;
  return label.split(/\s+/).length > MAX_WORDS ? undefined : label.replace(/\s+/g, ' ');
}

/**
 * White space after the separator belongs to the log; more than is usual belongs to the password.
 */
export function withoutGap(value: string, gap: string): string {
  let from = 0;
  while (from < gap.length && value[from] === gap[from]) from++;
  return value.slice(from);
}

/** A line without letters, with three equal signs at its start, or of a title in brackets. */
export function isRuler(line: string): boolean {
  const text = line.trim();
  return /^([^\p{L}\p{N}\s])\1\1/u.test(text) || !/[\p{L}\p{N}]/u.test(text) || /^\[[^\][]*\]$/.test(text);
}

const COMMENT = /^\s*(?:#|\/\/|--|;)/;
/** Marks at both ends, as of `>>> text <<<`, `* text *` and `[+] text [+]`. */
const FRAMED = /^\s*(?:\[.{0,2}\]|[^\p{L}\p{N}\s"'$([{]{1,4})\s.*\s(?:\[.{0,2}\]|[^\p{L}\p{N}\s]{1,4})\s*$/u;
const CHANNEL = /\b(?:t\.me|telegram\.me|discord\.gg)\/|\btelegram\b/i;

/** Shorter lines are no text in a frame, channel, address or sentence. A text may have millions. */
const MIN_NOISE = 5;

/** Advertisements and comments, which belong to no block even where they follow a password. */
export const isAdvertisement = (line: string): boolean =>
  COMMENT.test(line) || (line.length >= MIN_NOISE && (FRAMED.test(line) || CHANNEL.test(line)));

const FIELDS = /[:;|\t,]/;
/** Whether a line may be cut into fields. */
export const hasFields = (line: string): boolean => FIELDS.test(line);

/** Whether a line looks as a field of blocks with another separator. */
const mayBeField = (line: string): boolean =>
  !isAdvertisement(line) && marksIn(line).some((sign) => (cutLabel(line, sign)?.value.trim() ?? '') !== '');

const URL_ALONE = /^\s*[a-z][a-z0-9+.-]{1,23}:\/\/\S+\s*$/i;

/** A line that holds no credential: a sentence, a title, an advertisement. */
export function isNoise(line: string): boolean {
  if (isAdvertisement(line)) return true;
  if (line.length < MIN_NOISE) return false;
  if (URL_ALONE.test(line)) return true;
  return !FIELDS.test(line) && line.trim().split(/\s+/).length > 2;
}

/** What a line without a label that is known is rejected for. */
export const reasonWithoutLabel = (line: string): RejectReason =>
  isNoise(line) && !mayBeField(line) ? 'comment' : 'no-separator';
