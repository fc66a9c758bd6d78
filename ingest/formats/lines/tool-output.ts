// What password crackers and login testers print, such as john --show, hydra and NetExec.

import type { Credential } from '../../../store/run/credential-records.ts';
import { decodeHexNotation } from '../../input/text.ts';
import type { RejectReason } from '../../rejects.ts';
import type { CorpusFormat, FormatModule, Recognised } from '../format.ts';
import { isShadowLine } from '../hashes/account-hashes.ts';
import { isHashOf, provenShare } from '../hashes/hash-proofs.ts';
import { refused } from '../hashes/line-shapes.ts';
import { saltedAt } from '../hashes/plaintexts.ts';
import { isComment, isHash, lineFormat } from '../line-parser.ts';
import { percent, type TextSample } from '../sample.ts';

const MOST = 0.8;
/** Of a line with more colons, these are tried. */
const MAX_CUTS = 16;
const NEARLY_ALL = 0.95;
/** A line of an account of Windows ends with its hashes, one of Unix with its shell. */
const WINDOWS = /^([^:]+):(.*):\d+:[0-9a-f]{32}:([0-9a-f]{32}):[^:]*:[^:]*:[^:]*$/i;
const UNIX = /^([^:]+):(.*):\d+:\d+:[^:]*:\/[^:]*:[^:]*$/;

const ACCOUNTS = 'the lines are accounts whose second field may be a password or a hash';
const ACCOUNTS_HINT =
  'If it is the password, as john --show prints it, pass --format john-show; else crack the hashes.';

interface Tool {
  /** A username and a password, or a password alone. */
  readonly found: readonly RegExp[];
  /** What it prints besides. */
  readonly log?: RegExp;
}

const TOOLS: { readonly [name: string]: Tool } = {
  'john-show': { found: [WINDOWS, UNIX], log: /^\d+ password hash(?:es)? cracked, \d+ left/ },
  hydra: { found: [/^\[\d{1,5}\]\[[\w-]{1,32}\] host: \S+ {1,3}login: (\S+) {1,3}password: (.*)$/] },
  medusa: { found: [/^ACCOUNT FOUND: \[[\w-]{1,32}\] Host: \S+ User: (\S+) Password: (.*) \[SUCCESS[^\]]*\]$/] },
  // It writes a blank, a mark or a shell behind the password.
  netexec: {
    found: [
      /^[A-Z][A-Z0-9]{1,7} +\S+ +\d{1,5} +\S+ +\[\+\] ([^\s:]+):(.*?)(?: \((?:Pwn3d!|Guest|(?:local )?admin(?:istrator)?|root|Null Auth)\)| {2}\S.*)? ?$/i,
      // Windows says so of the right password alone.
      /^[A-Z][A-Z0-9]{1,7} +\S+ +\d{1,5} +\S+ +\[-\] ([^\s:]+):(.*) STATUS_(?:PASSWORD_(?:MUST_CHANGE|EXPIRED)|ACCOUNT_(?:RESTRICTION|DISABLED|EXPIRED)|INVALID_(?:LOGON_HOURS|WORKSTATION)|LOGON_TYPE_NOT_GRANTED) ?$/,
    ],
    log: /^[A-Z][A-Z0-9]{1,7} +\S+ +\d{1,5} +\S+ +(?:\[[*!-]\] |[^ [])/,
  },
  ncrack: {
    found: [/^\S+ \d{1,5}\/(?:tcp|udp) [\w-]{1,32}: '([^']+)' '(.*)'$/],
    log: /^(?:Starting Ncrack|Discovered credentials|Ncrack (?:done|finished))/,
  },
  metasploit: {
    found: [/^\[\+\] .{0,120}(?:Success|Login Successful): '([^:']+):(.*?)'(?: '.*)?$/i],
    log: /^\[[*!-]\] /,
  },
  legba: { found: [/^\[[^\]]{0,40}\] (?:\[[^\]]{0,40}\] )?\(\w{1,32}\) <\S+> username=(\S+) password=(.*)$/] },
  secretsdump: { found: [/^([^:\s]+):CLEARTEXT:(.*)$/], log: /^\[[*!-]\] / },
  mdxfind: { found: [/^([\w().$*-]{2,48}x\d{2,3}) ([0-9a-f]{16,128}):(.*)$/i] },
};

const match = (name: string, line: string): RegExpExecArray | undefined =>
  TOOLS[name]?.found.map((pattern) => pattern.exec(line)).find((found) => found !== null) ?? undefined;

const isLog = (name: string, line: string): boolean => TOOLS[name]?.log?.test(line) === true;

/** Algorithms that compute the hash of a plaintext alone, once. */
const SIMPLE = /^(?:MD5|SHA1|SHA224|SHA256|SHA384|SHA512|NTLM)x01$/i;
const SALTED = /salt|user|\$/i;

/** A plaintext, with a salt before it or a login behind it: the hash tells which. */
function plaintextOf([, algorithm = '', hash = '', text = '']: readonly string[]): Credential | RejectReason {
  const cuts = [...text.matchAll(/:/g)].map(({ index }) => index).slice(0, MAX_CUTS);
  const parts = cuts.flatMap((at) => [text.slice(0, at), text.slice(at + 1)]);
  const proven = [text, ...parts].find((part) => isHashOf(hash, part)) ?? behindSalt(hash, text);
  // A plaintext with a colon is in hex.
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (proven === undefined && (SIMPLE.test(algorithm) || (cuts.length > 0 && !SALTED.test(algorithm))))
    return 'bad-hash';
  const password = decodeHexNotation(proven ?? last);
  return password === '' ? 'empty-password' : { password, times: 1 };
}

function behindSalt(hash: string, text: string): string | undefined {
  const at = saltedAt(hash, text, ':');
  return at === -1 ? undefined : text.slice(at);
}

const formatOf = (name: string): CorpusFormat =>
  lineFormat(name, name === 'mdxfind' ? ['password'] : ['account', 'password'], {
    parseLine(line) {
      if (line.trim() === '') return 'blank';
      const found = isComment(line) ? undefined : match(name, line);
      if (!found) return isComment(line) || isLog(name, line) ? 'comment' : 'no-separator';
      if (name === 'mdxfind') return plaintextOf(found);
      const password = decodeHexNotation(found[2] as string);
      if (password === '' || (name === 'john-show' && password === 'NO PASSWORD')) return 'empty-password';
      // What a hash was passed for is no password.
      if (password.split(':').every(isHash)) return 'hash-password';
      return { username: found[1] as string, password, times: 1 };
    },
  });

const FORMATS: readonly CorpusFormat[] = Object.keys(TOOLS).map(formatOf);

/** Passwd files look like it: john's last line, or the hashes of the passwords, tell it. */
function isShown({ lines }: TextSample): boolean {
  const accounts = lines.map((line) => WINDOWS.exec(line)).filter((found) => found !== null);
  if (accounts.length === 0) return lines.some((line) => isLog('john-show', line));
  return provenShare(accounts, ([, , plain = '', hash = '']) => isHashOf(hash, plain)) >= NEARLY_ALL;
}

export const toolOutputModule: FormatModule = {
  names: FORMATS.map(({ name }) => name),
  takes: [],
  create: (name) => FORMATS.find((format) => format.name === name) as CorpusFormat,
  recognise(sample): Recognised | undefined {
    for (const format of FORMATS) {
      const isFound = (line: string): boolean => match(format.name, line) !== undefined;
      const share = sample.share((line) => isFound(line) || isLog(format.name, line));
      if (share <= MOST || !sample.lines.some(isFound)) continue;
      if (format.name === 'john-show' && !isShown(sample))
        return sample.share(isShadowLine) > MOST ? undefined : refused(share, ACCOUNTS, ACCOUNTS_HINT);
      return { format, score: share, reasons: [`${percent(share)} of the lines are as ${format.name} prints them`] };
    }
    return undefined;
  },
};
