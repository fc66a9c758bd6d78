// Recognises texts of hashes: lists, potfiles, and accounts with hashes.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import type { FormatModule, Recognised } from '../format.ts';
import { percent, type TextSample } from '../sample.ts';
import { isPwdumpLine, isShadowLine, pwdumpFormat, userHashFormat } from './account-hashes.ts';
import { CRACKED_NAMES, type CrackedName, crackedFormat } from './cracked.ts';
import { sha1Base64Format } from './hash-list.ts';
import { CRACK_HINT, found, MOST, refused, shapesOf } from './line-shapes.ts';
import { recogniseCracked, recogniseNamed, recogniseReversed } from './recognise-cracked.ts';
import { listOf, recogniseList } from './recognise-lists.ts';

const SEPARATORS = [':', '\t', ';', ',', '|', ' '];

/** Accounts of Windows and Unix, which have more fields. */
function recogniseAccounts(sample: TextSample): Recognised | undefined {
  const dumped = sample.share(isPwdumpLine);
  if (dumped > MOST) return found(pwdumpFormat, dumped, `${percent(dumped)} of the lines are accounts of Windows`);
  const shadow = sample.share(isShadowLine);
  if (shadow <= MOST) return undefined;
  return refused(shadow, 'this is a shadow or passwd file, whose hashes are salted and slow', CRACK_HINT);
}

/** A number of 13 to 19 digits, and a month and a year. */
const CARD = /^\W{0,3}\d{13,19}\s?[|:;,/ \t]\s?\d{1,2}\s?[|:;,/ \t]\s?(?:20)?\d{2}(?!\d)/;

/** Numbers of 16 digits look like hashes of 16 hex digits. */
function recogniseCards(sample: TextSample): Recognised | undefined {
  const share = sample.share((line) => CARD.test(line));
  if (share <= MOST) return undefined;
  return refused(
    share,
    'the lines are numbers of payment cards with the months of their expiry',
    'They are no credentials: leave the text out, as --skip-unrecognised does.',
  );
}

const isNumber = (line: string): boolean => /^\d{16}(?!\d)/.test(line);

export const hashModule: FormatModule = {
  names: ['sha1', 'ntlm', 'sha1-base64', ...CRACKED_NAMES, 'user-sha1', 'user-ntlm', 'pwdump'],
  takes: ['separator'],
  create(name, options) {
    if (name === 'sha1' || name === 'ntlm') return listOf(name);
    if (name === 'sha1-base64') return sha1Base64Format;
    if (name === 'user-sha1' || name === 'user-ntlm') return userHashFormat(name.slice(5) as RangeName, options);
    return name === 'pwdump' ? pwdumpFormat : crackedFormat(name as CrackedName, options);
  },
  recognise(sample, options) {
    const others = recogniseCards(sample) ?? recogniseAccounts(sample);
    if (others) return others;
    // No text has so many hashes without a letter.
    if (sample.share(isNumber) > MOST) return undefined;
    for (const separator of options.separator === undefined ? SEPARATORS : [options.separator]) {
      const shapes = shapesOf(sample.lines, separator);
      const stated = separator === ':' ? options : { ...options, separator };
      const recognised =
        recogniseList(sample, shapes) ??
        recogniseCracked(sample, shapes, stated) ??
        recogniseReversed(sample, shapes, stated) ??
        recogniseNamed(sample, shapes, stated);
      if (recognised) return recognised;
    }
    return undefined;
  },
};
