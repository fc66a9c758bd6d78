// What password crackers and login testers print: john --show, hydra and medusa.

import type { CorpusFormat, FormatModule, Recognised } from '../format.ts';
import { isShadowLine } from '../hashes/account-hashes.ts';
import { isHashOf, provenShare } from '../hashes/hash-proofs.ts';
import { refused } from '../hashes/line-shapes.ts';
import { isComment, lineFormat } from '../line-parser.ts';
import { percent, type TextSample } from '../sample.ts';

const MOST = 0.8;
const NEARLY_ALL = 0.95;
/** A line of an account of Windows ends with its hashes, one of Unix with its shell. */
const WINDOWS = /^([^:]+):(.*):\d+:[0-9a-f]{32}:([0-9a-f]{32}):[^:]*:[^:]*:[^:]*$/i;
const UNIX = /^([^:]+):(.*):\d+:\d+:[^:]*:\/[^:]*:[^:]*$/;
const CRACKED = /^\d+ password hash(?:es)? cracked, \d+ left/;

const ACCOUNTS = 'the lines are accounts whose second field may be a password or a hash';
const ACCOUNTS_HINT =
  'If it is the password, as john --show prints it, pass --format john-show; else crack the hashes.';

const TOOLS: { readonly [name: string]: readonly RegExp[] } = {
  'john-show': [WINDOWS, UNIX],
  hydra: [/^\[\d{1,5}\]\[[\w-]{1,32}\] host: \S+ {1,3}login: (\S+) {1,3}password: (.*)$/],
  medusa: [/^ACCOUNT FOUND: \[[\w-]{1,32}\] Host: \S+ User: (\S+) Password: (.*) \[SUCCESS[^\]]*\]$/],
};

const match = (name: string, line: string): RegExpExecArray | undefined =>
  TOOLS[name]?.map((pattern) => pattern.exec(line)).find((found) => found !== null) ?? undefined;

const formatOf = (name: string): CorpusFormat =>
  lineFormat(name, ['account', 'password'], {
    parseLine(line) {
      if (line.trim() === '') return 'blank';
      if (isComment(line) || CRACKED.test(line)) return 'comment';
      const [, username = '', password = ''] = match(name, line) ?? [];
      if (username === '') return 'no-separator';
      const isEmpty = password === '' || (name === 'john-show' && password === 'NO PASSWORD');
      return isEmpty ? 'empty-password' : { username, password, times: 1 };
    },
  });

const FORMATS: readonly CorpusFormat[] = Object.keys(TOOLS).map(formatOf);

/** Passwd files look like it: john's last line, or the hashes of the passwords, tell it. */
function isShown({ lines }: TextSample): boolean {
  const accounts = lines.map((line) => WINDOWS.exec(line)).filter((found) => found !== null);
  if (accounts.length === 0) return lines.some((line) => CRACKED.test(line));
  return provenShare(accounts, ([, , plain = '', hash = '']) => isHashOf(hash, plain)) >= NEARLY_ALL;
}

export const toolOutputModule: FormatModule = {
  names: FORMATS.map(({ name }) => name),
  takes: [],
  create: (name) => FORMATS.find((format) => format.name === name) as CorpusFormat,
  recognise(sample): Recognised | undefined {
    for (const format of FORMATS) {
      const share = sample.share((line) => match(format.name, line) !== undefined);
      if (share <= MOST) continue;
      if (format.name === 'john-show' && !isShown(sample))
        return sample.share(isShadowLine) > MOST ? undefined : refused(share, ACCOUNTS, ACCOUNTS_HINT);
      return { format, score: share, reasons: [`${percent(share)} of the lines are as ${format.name} prints them`] };
    }
    return undefined;
  },
};
