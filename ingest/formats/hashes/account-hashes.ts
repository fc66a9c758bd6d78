// Hashes beside accounts: pwdump of Windows, and `user:hash`. The hash alone goes into its index.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../../store/run/range-record.ts';
import type { CorpusFormat, FormatOptions, LineRules } from '../format.ts';
import { isBlank, isSpace, lineFormat, takeSecret } from '../line-parser.ts';
import { asAscii, isHexDigit } from './hash-list.ts';

/** The NTLM hash of the empty password. */
const EMPTY_NTLM = '31d6cfe0d16ae931b73c59d7e0c089c0';
/** What stands for the hash of an account without a password. */
const NO_PASSWORD = /^NO PASSWORD\*+$/i;

/** Looks for the hash in the field of this place. */
function fieldRules(place: number, name: RangeName, separator: string): LineRules {
  const digits = 2 * HASH_BYTES[name];
  const byte = separator.charCodeAt(0);
  const parseAscii: LineRules['parseAscii'] = (bytes, from, to, fields) => {
    let at = from;
    for (let field = 0; field < place; field++) {
      while (at < to && bytes[at] !== byte) at++;
      if (at === to) return isBlank(bytes, from, to) ? 'blank' : 'no-separator';
      at++;
    }
    let end = at;
    while (end < to && bytes[end] !== byte && !isSpace(bytes[end])) end++;
    for (let digit = at; digit < at + digits; digit++)
      if (digit >= end || !isHexDigit(bytes[digit] as number))
        return NO_PASSWORD.test(Buffer.from(bytes.subarray(at, to)).toString('latin1').split(separator)[0] ?? '')
          ? 'empty-password'
          : 'bad-hash';
    if (end !== at + digits) return 'bad-hash';
    if (name === 'ntlm' && Buffer.from(bytes.subarray(at, end)).toString('latin1').toLowerCase() === EMPTY_NTLM)
      return 'empty-password';
    return takeSecret(fields, at, end, 1);
  };
  return { parseLine: asAscii(parseAscii), parseAscii };
}

/** `user:rid:lm:ntlm:::`, of which the fourth field is the hash. */
export const pwdumpFormat: CorpusFormat = lineFormat('pwdump', ['ntlm'], fieldRules(3, 'ntlm', ':'));

/** `user:hash`, of unsalted hashes. */
export const userHashFormat = (name: RangeName, options: FormatOptions): CorpusFormat =>
  lineFormat(`user-${name}`, [name], fieldRules(1, name, options.separator ?? ':'), options);

const PWDUMP = /^[^:]+:\d{1,10}:(?:[0-9a-f]{32}|NO PASSWORD\*+)?:(?:[0-9a-f]{32}|NO PASSWORD\*+):/i;
export const isPwdumpLine = (line: string): boolean => PWDUMP.test(line);

/** `/etc/shadow` and `/etc/passwd`. */
const SHADOW = /^[^:\s]+:(?:[!*x]*|!*\$[^:]+):-?\d*:-?\d*:(?:-?\d*:){4}-?\d*\s*$/;
const PASSWD = /^[^:\s]+:(?:x|\*|!|\$[^:]+):\d+:\d+:[^:]*:\/[^:]*:[^:]*$/;
export const isShadowLine = (line: string): boolean => SHADOW.test(line) || PASSWD.test(line);
