// Recognises texts of hashes: lists, potfiles, and accounts with hashes. Where a plaintext stands
// beside its hash, computing the hash tells it from a salt or a count.

import type { RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import { IngestError } from '../errors.ts';
import { isPwdumpLine, isShadowLine, pwdumpFormat, userHashFormat } from './account-hashes.ts';
import { CRACKED_NAMES, type CrackedName, crackedFormat } from './cracked.ts';
import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from './format.ts';
import { hashKind, isHashOf, isSaltedHashOf } from './hash-kinds.ts';
import { ntlmListFormat, sha1ListFormat } from './hash-list.ts';
import { isUsername } from './line-parser.ts';
import { percent, type TextSample } from './sample.ts';

/** Share of the lines that must have a shape: corpora are dirty. */
const MOST = 0.8;
const FEW = 0.1;
const SEPARATORS = [':', '\t', ';', ',', '|', ' '];
/** Lines whose hashes are computed. */
const COMPUTED_LINES = 100;
const RANGES = ['sha1', 'ntlm'] as const;

/** What the lines are at one separator. */
interface Shapes {
  readonly separator: string;
  /** Lines of nothing but a hash. */
  alone: number;
  /** Lines of a hash and a number, in either order. */
  readonly counted: [hash: string, count: string][];
  /** Lines that begin with a hash. */
  readonly plain: [hash: string, rest: string][];
  /** Lines whose second field is a hash, and what follows it. */
  readonly named: [hash: string, rest: string | undefined][];
}

function shapesOf(lines: readonly string[], separator: string): Shapes {
  const shapes: Shapes = { separator, alone: 0, counted: [], plain: [], named: [] };
  for (const text of lines) {
    const line = text.trim();
    const [first, rest] = cut(line, separator);
    if (hashKind(first) !== undefined) {
      if (rest === undefined) shapes.alone++;
      else {
        shapes.plain.push([first, rest]);
        if (/^\d{1,15}$/.test(rest)) shapes.counted.push([first, rest]);
      }
      continue;
    }
    if (rest === undefined) continue;
    const [second, third] = cut(rest, separator);
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

const shareOf = (part: number, { lines }: TextSample): number => (lines.length === 0 ? 0 : part / lines.length);

/** The hashes of most lines. @returns undefined where they differ */
function commonKind(hashes: readonly string[]): string | undefined {
  const kinds = new Map<string, number>();
  for (const hash of hashes) {
    const kind = hashKind(hash) ?? '';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const [kind, count] = [...kinds].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
  return count > MOST * hashes.length ? kind : undefined;
}

const rangeOf = (hex: string): RangeName | undefined =>
  RANGES.find((name) => hex.length === 2 * HASH_BYTES[name] && /^[0-9a-f]+$/i.test(hex));

const listOf = (name: RangeName): CorpusFormat => (name === 'sha1' ? sha1ListFormat : ntlmListFormat);

const found = (format: CorpusFormat, score: number, ...reasons: string[]): Recognised => ({ format, score, reasons });

/** Texts that have no other reading are refused with what they are. */
function refused(score: number, what: string, hint: string): Recognised {
  const refusal = new IngestError('FORMAT_USELESS', what, hint);
  return { format: sha1ListFormat, score, reasons: [what], refusal };
}

const CRACK_HINT = 'No index takes them. Ingest what a cracker makes of them: hash:plain or user:hash:plain.';

/** Lists of nothing but hashes, or of hashes and counts. */
function recogniseList(sample: TextSample, shapes: Shapes): Recognised | undefined {
  const { alone, counted, plain } = shapes;
  const share = shareOf(alone + counted.length, sample);
  if (share <= MOST) return undefined;
  const sampleHash = counted[0]?.[0] ?? sample.lines.find((line) => hashKind(line.trim()) !== undefined)?.trim() ?? '';
  const name = rangeOf(sampleHash);
  if (name === undefined || (plain.length > 0 && countsOf(counted) === 'plaintexts')) {
    if (counted.length > alone) return undefined;
    return refused(share, `the lines are ${hashKind(sampleHash) ?? 'hashes'}, and nothing else`, CRACK_HINT);
  }
  if (counted.length > alone && countsOf(counted) === 'unclear')
    return refused(
      share,
      `the lines are ${hashKind(sampleHash)} with numbers, which may be counts or passwords`,
      `Name the format: --format ${name} for counts, --format hash-plain for passwords.`,
    );
  return found(listOf(name), share, `${percent(share)} of the lines are ${hashKind(sampleHash)}`);
}

/** Numbers beside hashes are counts unless the hashes are theirs, or they look like PINs. */
function countsOf(counted: readonly (readonly [string, string])[]): 'counts' | 'plaintexts' | 'unclear' {
  if (isAnyComputed(counted)) return 'plaintexts';
  const numbers = counted.map(([, number]) => number);
  const isSorted = (values: readonly (number | string)[]): boolean =>
    values.every((value, i) => i === 0 || value <= (values[i - 1] as number | string)) ||
    values.every((value, i) => i === 0 || value >= (values[i - 1] as number | string));
  if (numbers.some((number) => /^0\d/.test(number) || number.length > 12)) return 'unclear';
  if (isSorted(numbers.map(Number)) || isSorted(counted.map(([hash]) => hash.toUpperCase()))) return 'counts';
  const lengths = new Set(numbers.map((number) => number.length));
  const hasPins = numbers.length >= 3 && [...lengths].every((length) => length >= 4);
  return hasPins && (lengths.size === 1 || [...lengths].every((length) => length % 2 === 0 || length > 5))
    ? 'unclear'
    : 'counts';
}

const isAnyComputed = (pairs: readonly (readonly [string, string])[]): boolean =>
  pairs.slice(0, COMPUTED_LINES).some(([hash, plain]) => isHashOf(hash, plain));

/** `hash:plain`, and `hash:salt:plain` where the line has a field more. */
function recogniseCracked(
  sample: TextSample,
  { plain, separator }: Shapes,
  options: FormatOptions,
): Recognised | undefined {
  const share = shareOf(plain.length, sample);
  if (share <= MOST) return undefined;
  const formatOf = (name: CrackedName): CorpusFormat =>
    crackedFormat(name, separator === ':' ? options : { ...options, separator });
  const kind = commonKind(plain.map(([hash]) => hash)) ?? 'hashes of several kinds';
  const what = `${percent(share)} of the lines begin with ${kind}`;
  const pairs = plain.map(([hash, rest]) => [hash, plainOf(rest)] as const);
  if (isAnyComputed(pairs)) return found(formatOf('hash-plain'), share, what, 'what follows is their plaintext');
  const salted = plain.filter(([, rest]) => rest.includes(separator));
  const isComputed = salted.slice(0, COMPUTED_LINES).some(([hash, rest]) => {
    const at = rest.lastIndexOf(separator);
    return isSaltedHashOf(hash, rest.slice(0, at), plainOf(rest.slice(at + 1)));
  });
  const saltedShare = salted.length / plain.length;
  if (isComputed || (saltedShare > 1 - FEW && !hasOwnSalt(kind)))
    return found(formatOf('hash-salt-plain'), share, what, `${percent(saltedShare)} have a salt and a plaintext`);
  if (hasOwnSalt(kind)) return found(formatOf('hash-plain'), share, what, 'which have a salt of their own');
  if (saltedShare > FEW || haveOneLength(plain.map(([, rest]) => rest)))
    return refused(
      share,
      `the lines are ${kind} with a field that may be a salt or a password`,
      'Name the format: --format hash-plain, --format hash-salt-plain; without plaintexts, crack the hashes first.',
    );
  return found(formatOf('hash-plain'), share, what, 'what follows has the lengths of passwords');
}

/** `user:hash`, with a plaintext or without. */
function recogniseNamed(
  sample: TextSample,
  { named, separator }: Shapes,
  options: FormatOptions,
): Recognised | undefined {
  const share = shareOf(named.length, sample);
  if (share <= MOST) return undefined;
  const stated = separator === ':' ? options : { ...options, separator };
  const kind = commonKind(named.map(([hash]) => hash)) ?? 'hashes of several kinds';
  const what = `${percent(share)} of the lines are usernames with ${kind}`;
  const rests = named.flatMap(([hash, rest]) => (rest === undefined ? [] : [[hash, plainOf(rest)] as const]));
  if (rests.length > (1 - FEW) * named.length) {
    if (hasOwnSalt(kind) || isAnyComputed(rests))
      return found(crackedFormat('user-hash-plain', stated), share, what, 'and a plaintext');
    return refused(
      share,
      `the lines are usernames with ${kind} and a field that may be a salt or a password`,
      'If it is the password, pass --format user-hash-plain; otherwise crack the hashes first.',
    );
  }
  if (kind === 'SHA-1 hashes') return found(userHashFormat('sha1', stated), share, what);
  const hint = kind === 'MD5 or NTLM hashes' ? `For NTLM, pass --format user-ntlm. ${CRACK_HINT}` : CRACK_HINT;
  return refused(share, `the lines are usernames with ${kind}`, hint);
}

const plainOf = (text: string): string =>
  /^\$HEX\[[0-9a-f]*\]$/i.test(text) ? Buffer.from(text.slice(5, -1), 'hex').toString('utf8') : text;

/** Hashes whose algorithm stands in front contain their salt or have none. */
const hasOwnSalt = (kind: string): boolean => !/^(?:MD5|SHA|hashes of old|hashes of several)/.test(kind);

/** Salts have one length; passwords of ten people do not. */
const haveOneLength = (texts: readonly string[]): boolean =>
  texts.length >= 10 && new Set(texts.map(({ length }) => length)).size === 1;

/** Accounts of Windows and Unix, which have more fields. */
function recogniseAccounts(sample: TextSample): Recognised | undefined {
  const dumped = sample.share(isPwdumpLine);
  if (dumped > MOST) return found(pwdumpFormat, dumped, `${percent(dumped)} of the lines are accounts of Windows`);
  const shadow = sample.share(isShadowLine);
  if (shadow <= MOST) return undefined;
  return refused(shadow, 'this is a shadow or passwd file, whose hashes are salted and slow', CRACK_HINT);
}

export const hashModule: FormatModule = {
  names: ['sha1', 'ntlm', ...CRACKED_NAMES, 'user-sha1', 'user-ntlm', 'pwdump'],
  takes: ['separator'],
  create(name, options) {
    if (name === 'sha1' || name === 'ntlm') return listOf(name);
    if (name === 'user-sha1' || name === 'user-ntlm') return userHashFormat(name.slice(5) as RangeName, options);
    return name === 'pwdump' ? pwdumpFormat : crackedFormat(name as CrackedName, options);
  },
  recognise(sample, options) {
    const accounts = recogniseAccounts(sample);
    if (accounts) return accounts;
    for (const separator of options.separator === undefined ? SEPARATORS : [options.separator]) {
      const shapes = shapesOf(sample.lines, separator);
      const recognised =
        recogniseList(sample, shapes) ??
        recogniseCracked(sample, shapes, options) ??
        recogniseNamed(sample, shapes, options);
      if (recognised) return recognised;
    }
    return undefined;
  },
};
