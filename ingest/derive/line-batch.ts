// Passes the lines of a segment to a deriver: plain ASCII as bytes, everything else as strings.

import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { MAX_FIELD_BYTES } from '../../protocol/private-input.ts';
import type { AsciiFields, LineRules } from '../formats/format.ts';
import { MAX_LINE_BYTES } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import type { RejectCounter } from '../rejects.ts';
import type { Deriver } from './deriver.ts';

const LF = 0x0a;
const CR = 0x0d;
const DOLLAR = 0x24;

/**
 * @param segment whole lines, each ended by LF
 * @returns the credentials found
 */
export function deriveLines(segment: Uint8Array, rules: LineRules, deriver: Deriver, rejects: RejectCounter): number {
  const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 1 };
  let credentials = 0;
  for (let from = 0; from < segment.length; ) {
    const lineEnd = segment.indexOf(LF, from);
    const to = lineEnd > from && segment[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (to === from) rejects.add('blank');
    else if (to - from > MAX_LINE_BYTES) rejects.add('too-long');
    else if (isPlain(segment, from, to)) {
      const reason = rules.parseAscii(segment, from, to, fields);
      if (reason === undefined) {
        const { usernameFrom, usernameTo, passwordFrom, passwordTo, times } = fields;
        if (tooLong(usernameFrom, usernameTo) || tooLong(passwordFrom, passwordTo)) rejects.add('too-long');
        else {
          deriver.addAscii(
            segment,
            usernameFrom,
            usernameTo,
            passwordFrom,
            passwordTo,
            Math.min(MAX_TIMES_SEEN, times),
          );
          credentials++;
        }
      } else rejects.add(reason);
    } else {
      const parsed = rules.parseLine(decodeText(Buffer.from(segment.buffer, segment.byteOffset + from, to - from)));
      if (typeof parsed === 'string') rejects.add(parsed);
      else {
        const username = parsed.username === undefined ? undefined : normalizeUsername(parsed.username);
        const times = Math.min(MAX_TIMES_SEEN, parsed.times);
        if (deriver.add(username, normalizePassword(parsed.password), times)) credentials++;
        else rejects.add('too-long');
      }
    }
    from = lineEnd + 1;
  }
  return credentials;
}

const tooLong = (from: number, to: number): boolean => to - from > MAX_FIELD_BYTES;

/** True if the line is ASCII without `$`, and so without `$HEX[`. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte > 0x7f || byte === DOLLAR) return false;
  }
  return true;
}
