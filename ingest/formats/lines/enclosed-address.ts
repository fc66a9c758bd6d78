// Lines of an e-mail address in brackets, as mail programs write it, and a password behind it.

import { decodeHexNotation } from '../../input/text.ts';
import type { FormatModule } from '../format.ts';
import { isComment, lineFormat } from '../line-parser.ts';
import { percent } from '../sample.ts';
import { columnOf } from './column-kinds.ts';

/** A name, the address, one mark that separates, and the password. */
const LINE =
  /^\s{0,8}(?:[^<>[\]()@:;|,]{1,80}\s)?[<[(]([^\s<>()[\]@"']{1,64}@[^\s<>()[\]@"']{1,200}\.[a-z0-9-]{2,24})[>\])](?: ?[:;,|\t] ?| )(\S.*)$/i;
const MOST = 0.8;
/** Behind more of the addresses stand sentences. */
const FEW = 0.2;
const SCORE = 0.9;

const format = lineFormat('enclosed-address', ['account', 'password'], {
  parseLine(line) {
    if (line.trim() === '') return 'blank';
    if (isComment(line)) return 'comment';
    const [, username, password = ''] = LINE.exec(line) ?? [];
    return username === undefined ? 'no-separator' : { username, password: decodeHexNotation(password), times: 1 };
  },
});

export const enclosedAddressModule: FormatModule = {
  names: [format.name],
  takes: [],
  create: () => format,
  recognise({ lines }) {
    const passwords = lines.map((line) => LINE.exec(line)?.[2]).filter((password) => password !== undefined);
    const share = passwords.length / Math.max(1, lines.length);
    const spaced = passwords.filter((password) => /\s/.test(password)).length;
    if (share <= MOST || spaced > FEW * passwords.length || columnOf(passwords).kind !== 'free') return undefined;
    const reasons = [`${percent(share)} of the lines are an e-mail address in brackets and a word`];
    return { format, score: SCORE * share, reasons };
  },
};
