// Recognises lists of passwords, one a line, with or without counts.

import type { FormatModule, Recognised } from '../format.ts';
import { areNumbered, isAddress, isHash, withoutHead } from '../line-parser.ts';
import { refuse } from '../refusal.ts';
import { percent } from '../sample.ts';
import { countedPasswordsFormat, passwordsFormat } from './line-format.ts';
import { separatorsIn } from './separators.ts';

const COUNTED_LINE = /^\s*\d{1,15}[ \t]./;
const MOST = 0.8;
const COUNTED_SCORE = 0.85;

export const countedPasswordsModule: FormatModule = {
  names: [countedPasswordsFormat.name],
  takes: [],
  create: () => countedPasswordsFormat,
  recognise({ lines, share }) {
    const counted = share((line) => COUNTED_LINE.test(line));
    const single = share((line) => !/\s/.test(line.trim().replace(/^\d+\s/, '')));
    if (counted <= MOST || single <= MOST || areNumbered(lines)) return undefined;
    const reasons = [`${percent(counted)} of the lines start with a count`];
    return { format: countedPasswordsFormat, score: COUNTED_SCORE * counted, reasons };
  },
};

/** Below any format that shows more than single words. */
const PASSWORDS_SCORE = 0.5;
const MAX_PASSWORD = 64;
/** Separators in more lines than this are a structure. */
const MANY = 0.3;
const SEPARATOR = /[:;,|\t]/;
const MARKED_SHARE = 0.8;
/** Brackets and markup, and labels. */
const MARKED = /^\s*[[\]{}<>(]|^[\p{L} ]{1,24}:\s|:\s*$/u;

/** An IP address, a network or a domain. */
const HOST = /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|\/\d{1,2})?|(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24})$/i;

function refuseHosts(): Recognised {
  const hint = 'Leave the text out, or pass --format passwords if they are passwords.';
  return refuse(passwordsFormat, PASSWORDS_SCORE, 'most lines are IP addresses or domains', hint);
}

function isPassword(line: string): boolean {
  const words = line.trim().split(' ').length;
  return (
    words <= 2 && line.length <= MAX_PASSWORD && !line.includes('://') && !MARKED.test(line) && !isAddress(line.trim())
  );
}

export const passwordsModule: FormatModule = {
  names: [passwordsFormat.name],
  takes: [],
  create: () => passwordsFormat,
  recognise(sample) {
    const lines = withoutHead(sample.lines);
    const share = (is: (line: string) => boolean): number => lines.filter(is).length / Math.max(1, lines.length);
    const structured = share((line) => SEPARATOR.test(line));
    const spaced = share((line) => line.trim().includes(' '));
    if (structured > MANY || spaced > MANY || share((line) => isHash(line.trim())) > MANY) return undefined;
    // A mark in most lines is none of the passwords.
    if (separatorsIn(lines, MARKED_SHARE).length > 0) return undefined;
    if (share((line) => HOST.test(line.trim())) > MOST) return refuseHosts();
    const likely = share(isPassword);
    const reasons = [`${percent(likely)} of the lines are single words without a common separator`];
    return { format: passwordsFormat, score: PASSWORDS_SCORE * likely, reasons };
  },
};
