// Recognises hashes with plaintexts, and usernames with hashes. A plaintext is one if its hash, or
// a usual one with a salt, can be computed from it; where it cannot, the operator must name it.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import type { CorpusFormat, FormatOptions, Recognised } from '../format.ts';
import { isAddress } from '../line-parser.ts';
import { percent, type TextSample } from '../sample.ts';
import { userHashFormat } from './account-hashes.ts';
import { type CrackedName, crackedFormat } from './cracked.ts';
import { isMarkedKind } from './hash-kinds.ts';
import { isBase64Sha1, sha1Base64Format } from './hash-list.ts';
import { isComputable, isHexText, provenShare } from './hash-proofs.ts';
import {
  areMost,
  CRACK_HINT,
  commonKind,
  FEW,
  found,
  type HashAndText,
  MOST,
  refused,
  type Shapes,
  shareOf,
} from './line-shapes.ts';
import { findPlaintext, PLAIN_FORMS, type PlainForm, plaintextEnd, TEXT_FORMS } from './plaintexts.ts';

/** Share of the computed hashes that must be of their plaintexts: a few may be in odd encodings. */
const NEARLY_ALL = 0.95;

const REASONS: { readonly [form in PlainForm]: string } = {
  plain: 'what follows is their plaintext',
  hexplain: 'what ends the line is their plaintext in hex',
  'salt-plain': 'what follows is a salt and the plaintext',
};

interface Proven {
  readonly form: PlainForm;
  readonly reason: string;
}

/** The form of what stands behind the hashes. @returns undefined if their hashes prove none */
function provenForm(pairs: readonly HashAndText[], separator: string): Proven | undefined {
  const computable = pairs.filter(([hash]) => isComputable(hash));
  const areIn = (forms: readonly PlainForm[]): boolean =>
    provenShare(computable, ([hash, rest]) => findPlaintext(forms, hash, rest, separator) !== undefined) >= NEARLY_ALL;
  const form = PLAIN_FORMS.find((each) => areIn([each]));
  if (form !== undefined) return { form, reason: REASONS[form] };
  return areIn(TEXT_FORMS)
    ? { form: 'plain', reason: 'what follows is their plaintext, with a salt before it in some lines' }
    : undefined;
}

/** Whether the hashes are too slow to compute, so that what follows is taken on trust. */
const isTrusted = (pairs: readonly HashAndText[]): boolean =>
  pairs.filter(([hash]) => isComputable(hash)).length <= FEW * pairs.length;

const SKIP_HINT = 'It has no credentials: leave it out, as --skip-unrecognised does.';

/** Refuses texts behind hashes that are no plaintexts, with what they look like. */
function unproven(score: number, what: string, texts: readonly string[], prefix: '' | 'user-'): Recognised {
  if (areMost(texts, isFileName))
    return refused(score, `${what} and names of files, as in a list of checksums`, SKIP_HINT);
  if (areMost(texts, (text) => isAddress(text.trim())))
    return refused(score, `${what} and e-mail addresses, which are not their plaintexts`, CRACK_HINT);
  const formats = [`--format ${prefix}hash-plain for a password`, `--format ${prefix}hash-hexplain for one in hex`];
  if (prefix === '')
    formats.push('--format hash-salt-plain for a salt and a password', '--format hash-user-plain for a login and one');
  return refused(
    score,
    `${what} and a field that may be a salt or a password: no usual algorithm makes the hash of it`,
    `Name the format: ${formats.join(', ')}; without plaintexts, crack the hashes first.`,
  );
}

/** A path, or a name with an extension, behind the sign of a binary file. */
function isFileName(text: string): boolean {
  const name = text.replace(/^[ *]+/, '');
  return !isAddress(name) && (name.includes('/') || name.includes('\\') || /\.[a-z0-9]{1,8}$/i.test(name));
}

/** Whether texts behind slow hashes are no plaintexts as they stand. */
const isSuspect = (texts: readonly string[]): boolean =>
  areMost(texts, (text) => isAddress(text.trim())) ||
  areMost(texts, (text) => isHexText(text) && /^[\x20-\x7e]+$/.test(Buffer.from(text, 'hex').toString('latin1')));

/** Each line must be proven: among plaintexts there may be salts. */
const provenFormat = (name: CrackedName, options: FormatOptions): CorpusFormat =>
  crackedFormat(name, { ...options, isProven: true });

/** `hash:plain`, with a salt or in hex. @param options of its format, which state its separator */
export function recogniseCracked(
  sample: TextSample,
  { plain, separator }: Shapes,
  options: FormatOptions,
): Recognised | undefined {
  const share = shareOf(plain.length, sample);
  if (share <= MOST) return undefined;
  const kind = commonKind(plain.map(([hash]) => hash));
  const what = `${percent(share)} of the lines begin with ${kind}`;
  const texts = plain.map(([, rest]) => rest);
  const named = recogniseLoginBehind(share, plain, options, separator);
  if (named) return named;
  if (!isTrusted(plain)) {
    const proven = provenForm(plain, separator);
    if (proven) return found(provenFormat(`hash-${proven.form}`, options), share, what, proven.reason);
  } else if (isMarkedKind(kind) && !isSuspect(texts))
    return found(crackedFormat('hash-plain', options), share, what, 'which have a salt of their own');
  return unproven(share, `the lines are ${kind}`, texts, '');
}

/** `hash:address:plain`. */
function recogniseLoginBehind(
  share: number,
  pairs: readonly HashAndText[],
  options: FormatOptions,
  separator: string,
): Recognised | undefined {
  const isLogin = ([, rest]: HashAndText): boolean => {
    const end = rest.indexOf(separator);
    return end > 0 && end + separator.length < rest.length && isAddress(rest.slice(0, end).trim());
  };
  const named = pairs.filter(isLogin);
  if (named.length <= MOST * pairs.length) return undefined;
  const kind = commonKind(named.map(([hash]) => hash));
  const what = `${percent(share)} of the lines begin with ${kind}`;
  const format = provenFormat('hash-user-plain', options);
  const isProven = ([hash, rest]: HashAndText): boolean =>
    typeof format.lines?.parseLine(`${hash}${separator}${rest}`) === 'object';
  const isKnown = isTrusted(named)
    ? isMarkedKind(kind)
    : provenShare(
        named.filter(([hash]) => isComputable(hash)),
        isProven,
      ) >= NEARLY_ALL;
  if (isKnown) return found(format, share, what, 'an e-mail address and a plaintext follow');
  return refused(
    share,
    `the lines are ${kind}, e-mail addresses and a field that may be a salt or a password`,
    'If the last field is the password, pass --format hash-user-plain; without plaintexts, crack the hashes first.',
  );
}

/** `plain:hash`, which only proofs tell from `user:hash`. */
export function recogniseReversed(
  sample: TextSample,
  { reversed }: Shapes,
  options: FormatOptions,
): Recognised | undefined {
  const share = shareOf(reversed.length, sample);
  const computable = reversed.filter(([hash]) => isComputable(hash));
  if (share <= MOST || computable.length < (1 - FEW) * reversed.length) return undefined;
  if (provenShare(computable, ([hash, text]) => plaintextEnd(hash, text) !== -1) < NEARLY_ALL) return undefined;
  const what = `${percent(share)} of the lines end with ${commonKind(reversed.map(([hash]) => hash))}`;
  return {
    ...found(crackedFormat('plain-hash', options), 1, what, 'what precedes is their plaintext'),
    isCertain: true,
  };
}

/** `user:hash`, with a plaintext or without. */
export function recogniseNamed(
  sample: TextSample,
  { named, separator }: Shapes,
  options: FormatOptions,
): Recognised | undefined {
  const share = shareOf(named.length, sample);
  if (share <= MOST) return undefined;
  const hashes = named.map(([hash]) => hash);
  const kind = commonKind(hashes);
  const what = `${percent(share)} of the lines are usernames with ${kind}`;
  const pairs = named.flatMap(([hash, rest]) => (rest === undefined ? [] : [[hash, rest] as const]));
  if (pairs.length > (1 - FEW) * named.length) {
    const texts = pairs.map(([, text]) => text);
    const isSlow = isTrusted(pairs);
    if (isSlow && isMarkedKind(kind) && !isSuspect(texts))
      return found(crackedFormat('user-hash-plain', options), share, what, 'and a plaintext');
    const proven = isSlow ? undefined : provenForm(pairs, separator);
    const name = proven?.form === 'hexplain' ? 'user-hash-hexplain' : 'user-hash-plain';
    if (proven) return found(provenFormat(name, options), share, what, 'and a plaintext');
    return unproven(share, `the lines are usernames with ${kind}`, texts, 'user-');
  }
  if (kind === 'SHA-1 hashes') return found(userHashFormat('sha1' satisfies RangeName, options), share, what);
  if (separator === ':' && areMost(hashes, isBase64Sha1)) return found(sha1Base64Format, share, what);
  const hint = kind === 'MD5 or NTLM hashes' ? `For NTLM, pass --format user-ntlm. ${CRACK_HINT}` : CRACK_HINT;
  return refused(share, `the lines are usernames with ${kind}`, hint);
}
