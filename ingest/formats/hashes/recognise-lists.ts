// Recognises lists of nothing but hashes, and of hashes with counts.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../../store/run/range-record.ts';
import type { CorpusFormat, Recognised } from '../format.ts';
import { percent, type TextSample } from '../sample.ts';
import { hashKind, isHex } from './hash-kinds.ts';
import { isBase64Sha1, ntlmListFormat, sha1Base64Format, sha1ListFormat } from './hash-list.ts';
import { isHashOf, provenShare } from './hash-proofs.ts';
import {
  areMost,
  CRACK_HINT,
  FEW,
  found,
  type HashAndText,
  MOST,
  refused,
  type Shapes,
  shareOf,
} from './line-shapes.ts';

const RANGES = ['sha1', 'ntlm'] as const;
/** Fewer rows may be in an order by chance. */
const MIN_ORDERED = 5;
const MD5_HINT =
  'If they are NTLM hashes, pass --format ntlm. No index takes MD5: ingest what a cracker makes of it, hash:plain.';

export const listOf = (name: RangeName): CorpusFormat => (name === 'sha1' ? sha1ListFormat : ntlmListFormat);

const rangeOf = (hex: string): RangeName | undefined =>
  RANGES.find((name) => hex.length === 2 * HASH_BYTES[name] && isHex(hex));

export function recogniseList(sample: TextSample, shapes: Shapes): Recognised | undefined {
  const { alone, counted, plain } = shapes;
  const share = shareOf(alone.length + counted.length, sample);
  if (share <= MOST) return undefined;
  const hash = counted[0]?.[0] ?? alone[0] ?? '';
  const kind = hashKind(hash) ?? 'hashes';
  const what = `${percent(share)} of the lines are ${kind}`;
  if (areMost(alone, isBase64Sha1)) return found(sha1Base64Format, share, what);
  const name = rangeOf(hash);
  if (name === undefined || (plain.length > 0 && countsOf(counted) === 'plaintexts')) {
    if (counted.length > alone.length) return undefined;
    return refused(share, `the lines are ${kind}, and nothing else`, CRACK_HINT);
  }
  if (counted.length > alone.length && countsOf(counted) === 'unclear')
    return refused(
      share,
      `the lines are ${kind} with numbers, which may be counts or passwords`,
      `Name the format: --format ${name} for counts, --format hash-plain for passwords.`,
    );
  if (name === 'ntlm' && !isHibpList(shapes))
    return refused(share, `the lines are hashes of 32 digits: ${kind}, which look the same`, MD5_HINT);
  return found(listOf(name), share, what);
}

/** Numbers beside hashes are counts unless the hashes are theirs, or they look like PINs. */
function countsOf(counted: readonly HashAndText[]): 'counts' | 'plaintexts' | 'unclear' {
  const proven = provenShare(counted, ([hash, number]) => isHashOf(hash, number));
  if (proven > 0) return proven > 1 - FEW ? 'plaintexts' : 'unclear';
  const numbers = counted.map(([, number]) => number);
  if (numbers.some((number) => /^0\d/.test(number) || number.length > 12)) return 'unclear';
  if (isOrdered(counted)) return 'counts';
  const lengths = new Set(numbers.map((number) => number.length));
  const hasPins = numbers.length >= 3 && [...lengths].every((length) => length >= 4);
  return hasPins && (lengths.size === 1 || [...lengths].every((length) => length % 2 === 0 || length > 5))
    ? 'unclear'
    : 'counts';
}

/** Whether rows are in the order of their counts, or in that of their hashes. */
function isOrdered(counted: readonly HashAndText[]): boolean {
  const isSorted = (values: readonly (number | string)[]): boolean =>
    values.every((value, i) => i === 0 || value <= (values[i - 1] as number | string)) ||
    values.every((value, i) => i === 0 || value >= (values[i - 1] as number | string));
  return isSorted(counted.map(([, number]) => Number(number))) || isSorted(counted.map(([hash]) => hash.toUpperCase()));
}

/** Whether it may be a list of Have I Been Pwned, `HASH:COUNT` in an order: it has none of MD5. */
const isHibpList = ({ separator, alone, counted, plain }: Shapes): boolean =>
  separator === ':' &&
  plain.length >= counted.length &&
  counted.length > MOST * (alone.length + plain.length) &&
  counted.length >= MIN_ORDERED &&
  isOrdered(counted);
