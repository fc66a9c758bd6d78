// Parses lines by their layout.

import type { Credential } from '../../../store/run/credential-records.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { LineRules } from '../format.ts';
import type { LineLayout } from '../layout.ts';
import { isAddress, isComment, startsWithScheme } from '../line-parser.ts';
import { isNotice } from '../remarks.ts';
import { cutCells, unquote } from './cells.ts';
import { splitPair } from './pairs.ts';
import { urlLineRules } from './url-lines.ts';

type Parse = LineRules['parseLine'];

export function layoutRules(layout: LineLayout): LineRules {
  const parse = parserOf(layout);
  const { remarks } = layout;
  return {
    parseLine(line) {
      const text = line.trim();
      if (text === '') return 'blank';
      if (remarks?.includes(text)) return 'remark';
      if (isComment(line)) return 'comment';
      const found = parse(line);
      if (!remarks || typeof found === 'string') return found;
      return isNotice(found.username ?? '', found.password) ? 'remark' : found;
    },
  };
}

function parserOf(layout: LineLayout): Parse {
  const { separator, others, within, hasUrls } = layout;
  if (hasUrls) return urlLineRules(separator).parseLine;
  if (others) return (line) => splitMixed(line, [separator, ...others]);
  const inner = within && parserOf(within);
  return (line) => parseCells(line, layout, inner);
}

/** The separator that an address stands before, or the first. */
function splitMixed(line: string, separators: readonly string[]): Credential | RejectReason {
  const found = separators.find((separator) => isAddress(line.slice(0, line.indexOf(separator)).trim()));
  return splitPair(line, 0, found ?? (separators[0] as string));
}

function parseCells(line: string, layout: LineLayout, inner: Parse | undefined): Credential | RejectReason {
  const { separator, columns, quote } = layout;
  const cells = cutCells(line, separator, quote);
  const surplus = cells.length / 2 - columns.length;
  if (surplus < 0 || isLoneUrl(line, layout)) return 'no-separator';
  const long = columns.findIndex((role) => role === 'password' || role === 'lines');
  const textOf = (place: number): string => {
    const first = place > long ? place + surplus : place;
    const last = place < long ? place : place + surplus;
    return unquote(line.slice(cells[2 * first], cells[2 * last + 1]), quote);
  };
  if (inner) return inner(textOf(long));
  const username = textOf(columns.indexOf('username'));
  if (username.trim() === '') return 'empty-username';
  const password = decodeHexNotation(textOf(long));
  return password === '' ? 'empty-password' : { username, password, times: 1 };
}

/** A URL beside the pairs, such as an advertisement: its scheme is no username. */
const isLoneUrl = (line: string, { separator, columns }: LineLayout): boolean =>
  separator === ':' && columns[0] === 'username' && startsWithScheme(line);
