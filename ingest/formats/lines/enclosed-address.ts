// Lines of an e-mail address in brackets, as mail programs write it, and a password behind it.

import { decodeHexNotation } from '../../input/text.ts';
import type { FormatModule, Recognised } from '../format.ts';
import { isComment, lineFormat } from '../line-parser.ts';
import { refuse } from '../refusal.ts';
import { percent } from '../sample.ts';
import { columnOf } from './column-kinds.ts';

/** A name, the address, one mark that separates, and the password. */
const LINE =
  /^\s{0,8}(?:[^<>[\]()@:;|,]{1,80}\s)?[<[(]([^\s<>()[\]@"']{1,64}@[^\s<>()[\]@"']{1,200}\.[a-z0-9-]{2,24})[>\])](?: ?[:;,|\t] ?| )(\S.*)$/i;
const MOST = 0.8;
/** Behind more of the addresses stand sentences. */
const FEW = 0.2;
const SCORE = 0.9;
/** A password enclosed as the address is, behind a mark. */
const BOTH = /<[^<>]+>(?: ?[:;,|\t] ?)<([^<>]+)>\s*$/;
/** A handle, another address, a telephone number, or what stands in brackets. */
const OTHER = /^(?:@\S+|[<([]?[^\s@]+@[^\s@]+\.[^\s@]+|[+(]?\d[\d()./ -]*[-/. )]\d[\d -]*|[<([].*[>)\]])$/;

const passwordIn = (line: string): string | undefined => BOTH.exec(line)?.[1] ?? LINE.exec(line)?.[2];

const format = lineFormat('enclosed-address', ['account', 'password'], {
  parseLine(line) {
    if (line.trim() === '') return 'blank';
    if (isComment(line)) return 'comment';
    const username = LINE.exec(line)?.[1];
    if (username === undefined) return 'no-separator';
    return { username, password: decodeHexNotation(passwordIn(line) ?? ''), times: 1 };
  },
});

export const enclosedAddressModule: FormatModule = {
  names: [format.name],
  takes: [],
  create: () => format,
  recognise({ lines }) {
    const passwords = lines
      .map((line) => (LINE.test(line) ? passwordIn(line) : undefined))
      .filter((password) => password !== undefined);
    const share = passwords.length / Math.max(1, lines.length);
    const others = passwords.filter((password) => OTHER.test(password.trim())).length;
    if (share > MOST && others > FEW * passwords.length) return refuseOthers(share);
    const spaced = passwords.filter((password) => /\s/.test(password)).length;
    if (share <= MOST || spaced > FEW * passwords.length || columnOf(passwords).kind !== 'free') return undefined;
    const reasons = [`${percent(share)} of the lines are an e-mail address in brackets and a word`];
    return { format, score: SCORE * share, reasons };
  },
};

function refuseOthers(share: number): Recognised {
  const what = 'behind e-mail addresses in brackets stand handles, numbers or other addresses, which are no passwords';
  const hint = 'Leave the file out. If they are the passwords, pass --format enclosed-address.';
  return refuse(format, SCORE * share, what, hint);
}
