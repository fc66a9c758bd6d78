// Alarms on the credentials of a text: more of them than chance explains look misread.

import { WITHHELD_REASONS } from '../rejects.ts';
import type { Frequent } from './frequent-values.ts';
import type { Sign } from './sign-patterns.ts';
import type { SignCounts } from './signs.ts';

export const ALARM_NAMES = [
  'url-fields',
  'markup',
  'same-usernames',
  'hash-usernames',
  'masked-usernames',
  'spaced-usernames',
  'hash-passwords',
  'address-passwords',
  'columns-in-usernames',
  'columns-in-passwords',
  'few-passwords',
  'placeholder-passwords',
  'percent-escapes',
  'number-passwords',
  'equal-lengths',
  'control-bytes',
  'garbled-letters',
  'padded-passwords',
  'quoted-passwords',
  'html-entities',
  'remarks',
  'many-rejects',
] as const;
export type AlarmName = (typeof ALARM_NAMES)[number];

export interface Alarm {
  readonly name: AlarmName;
  /** Of the credentials looked at, or of the lines. */
  readonly share: number;
  /** What was seen, for people. */
  readonly what: string;
}

/** A thousandth: a credential of an honest list hardly ever looks so. */
const HARDLY_EVER = 0.001;
const SOME = 0.03;
/** Passwords with a separator between two words are a part of honest lists. */
const SEPARATED = 0.08;
const MANY = 0.3;
const HALF = 0.5;
const NEARLY_ALL = 0.9;

const SIGN_ALARMS: readonly (readonly [AlarmName, Sign, number, string])[] = [
  ['url-fields', 'urlField', HARDLY_EVER, 'a URL or a part of one in a username or password'],
  ['markup', 'markup', HARDLY_EVER, 'a username that begins like JSON, XML, SQL or Markdown'],
  ['markup', 'markupPassword', HARDLY_EVER, 'a password that begins like JSON, XML or SQL'],
  ['hash-usernames', 'hashUsername', 0.01, 'a hash as the username'],
  ['masked-usernames', 'maskedUsername', HARDLY_EVER, 'stars in place of most of the username'],
  ['masked-usernames', 'crossedOutUsername', MANY, 'dots, xxx or the like in place of most of the username'],
  ['spaced-usernames', 'spacedUsername', MANY, 'a username with spaces inside'],
  ['hash-passwords', 'hashPassword', HARDLY_EVER, 'a hash as the password'],
  ['address-passwords', 'addressPassword', SOME, 'an e-mail address as the password'],
  ['columns-in-usernames', 'addressInUsername', HARDLY_EVER, 'an e-mail address and another field in the username'],
  ['columns-in-usernames', 'ipUsername', HARDLY_EVER, 'an IP address as or in the username'],
  ['columns-in-passwords', 'addressAndMore', HARDLY_EVER, 'an e-mail address and another field in the password'],
  ['columns-in-passwords', 'trailingHash', HARDLY_EVER, 'a hash at the end of the password'],
  ['columns-in-passwords', 'leadingField', HARDLY_EVER, 'an IP address, a hash or a date before the password'],
  ['columns-in-passwords', 'trailer', HARDLY_EVER, 'another field or a signature behind the password'],
  ['columns-in-passwords', 'pairAlone', SEPARATED, 'a username and a password where passwords stand alone'],
  ['columns-in-passwords', 'separatorInside', HALF, 'another separator in the password'],
  ['few-passwords', 'fieldWord', HALF, 'a role, a state or an answer such as yes as the password: see --columns'],
  ['placeholder-passwords', 'placeholder', HARDLY_EVER, 'NULL, None, a mask or the like as the password: see --blank'],
  ['placeholder-passwords', 'crossedOut', SOME, 'xxxx in place of the password'],
  ['percent-escapes', 'escapedUsername', HARDLY_EVER, '%40 in the username: decode the text first'],
  ['percent-escapes', 'escapedPassword', 0.005, 'percent escapes in the password: decode the text first'],
  ['number-passwords', 'numberAfterWord', NEARLY_ALL, 'a number as the password, of a username without @'],
  ['control-bytes', 'control', HARDLY_EVER, 'a control or invisible character, or one that was not decoded'],
  ['garbled-letters', 'garbled', HARDLY_EVER, 'letters as of another encoding: see --encoding'],
  ['padded-passwords', 'padded', HALF, 'a space at an end of the password'],
  ['quoted-passwords', 'quoted', HALF, 'a password in quotes'],
  ['html-entities', 'entity', HARDLY_EVER, 'an HTML entity in the password'],
  ['remarks', 'remark', HARDLY_EVER, 'a sum, a label or a notice as the username'],
];

/** Of lists whose usernames are addresses. */
const ADDRESS_ALARMS: typeof SIGN_ALARMS = [
  ['address-passwords', 'reversed', HARDLY_EVER, 'an e-mail address as the password, and none as the username'],
  ['remarks', 'loneBlank', HARDLY_EVER, 'a word and a blank in place of the address, as labels and notices have'],
];

/** A single one of these is none of chance in a short list. */
const CERTAIN: ReadonlySet<Sign> = new Set<Sign>([
  ...(['markup', 'markupPassword', 'addressInUsername', 'addressAndMore', 'leadingField', 'trailingHash'] as const),
  ...(['maskedUsername', 'remark', 'reversed'] as const),
]);

/** Fewer of a rare sign are chance, unless they are a part of a short text. */
const MIN_SIGNS = 3;
const SHORT_SHARE = 0.005;
/** One that is certain is enough for this part, and two for any. */
const CERTAIN_SHARE = 0.002;
/** A sign that honest credentials show, too: fewer of a short list are chance. */
const MIN_COMMON = 5;
/** Credentials from which "nearly all" means something. */
const MIN_OBSERVED = 20;
/** Credentials of which a few passwords are those of a column of roles or states. */
const MIN_FEW = 40;
const MOST_ADDRESSES = 0.95;
/** Shorter passwords of one length are PINs. */
const MIN_EQUAL_LENGTH = 12;
/** Share of the lines, and of those of a short text, which may have a banner. */
const MANY_REJECTS = 0.1;
const MANY_OF_SHORT = 0.2;
const SHORT_LINES = 60;
const MIN_REJECTS = 5;
/** Reasons that say nothing about the format. */
const QUIET_REASONS = new Set(['blank', 'comment', 'padding', ...WITHHELD_REASONS]);

/** As text for people. */
export const describeAlarm = ({ name, share, what, text }: Alarm & { readonly text: string }): string =>
  `${text}: ${name}, ${Math.round(share * 1000) / 10}% have ${what}`;

/** @param lines of the text, with its rejects */
export function findAlarms(
  counts: SignCounts,
  { credentials, rejects }: { readonly credentials: number; readonly rejects: { readonly [reason: string]: number } },
): Alarm[] {
  const alarms = new Map<AlarmName, Alarm>();
  const raise = (name: AlarmName, share: number, what: string): void => {
    if (!alarms.has(name)) alarms.set(name, { name, share, what });
  };
  const { observed, signs } = counts;
  const areAddresses = (signs.addressUsername ?? 0) > MOST_ADDRESSES * observed;
  for (const [name, sign, limit, what] of areAddresses ? [...SIGN_ALARMS, ...ADDRESS_ALARMS] : SIGN_ALARMS) {
    const count = signs[sign] ?? 0;
    const share = count / Math.max(1, observed);
    if (share > limit && isEnough(sign, limit, count, share, observed)) raise(name, share, what);
  }
  const top = mostFrequent(counts.usernames, observed);
  if (top && top.share > NEARLY_ALL) raise('same-usernames', top.share, 'the same username');
  const password = mostFrequent(counts.passwords, observed);
  if (password && password.share > HALF) raise('few-passwords', password.share, 'the same password: see --columns');
  const few = counts.passwords.reduce((sum, [, count]) => sum + count, 0) / Math.max(1, observed);
  if (observed >= MIN_FEW && few > NEARLY_ALL)
    raise('few-passwords', few, `one of ${counts.passwords.length} passwords: see --columns`);
  const length = mostFrequent(counts.lengths, observed);
  if (length && length.share > NEARLY_ALL && length.value >= MIN_EQUAL_LENGTH)
    raise('equal-lengths', length.share, `a password of ${length.value} characters`);
  const rejected = Object.entries(rejects).reduce((sum, [why, lines]) => sum + (QUIET_REASONS.has(why) ? 0 : lines), 0);
  const lines = rejected + credentials;
  const share = rejected / Math.max(1, lines);
  const limit = lines < SHORT_LINES ? MANY_OF_SHORT : MANY_REJECTS;
  if (share > limit && (rejected >= MIN_REJECTS || (credentials > 0 && share >= HALF)))
    raise('many-rejects', share, 'no credential');
  return [...alarms.values()];
}

function isEnough(sign: Sign, limit: number, count: number, share: number, observed: number): boolean {
  if (sign === 'fieldWord' || sign === 'pairAlone') return count >= MIN_COMMON;
  if (limit >= HALF) return observed >= 2;
  if (CERTAIN.has(sign) && (count >= 2 || share >= CERTAIN_SHARE)) return true;
  return count >= MIN_SIGNS || share >= SHORT_SHARE;
}

function mostFrequent(values: Frequent, observed: number): { value: number; share: number } | undefined {
  if (observed < MIN_OBSERVED) return undefined;
  const [top] = values.toSorted(([, a], [, b]) => b - a);
  return top && { value: top[0], share: top[1] / observed };
}
