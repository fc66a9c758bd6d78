// Passes the lines of a segment to a deriver: plain ASCII as bytes, everything else as strings.

import { MAX_TIMES_SEEN } from '../../protocol/metadata.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { MAX_FIELD_BYTES } from '../../protocol/private-input.ts';
import type { Credential } from '../../store/run/credential-records.ts';
import type { AsciiFields, LineRules } from '../formats/format.ts';
import { parseText } from '../formats/line-parser.ts';
import { MAX_LINE_BYTES } from '../input/lines.ts';
import type { RejectCounter } from '../rejects.ts';
import type { SignCounter } from '../report/signs.ts';
import type { Deriver } from './deriver.ts';

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;
const DOLLAR = 0x24;

/** Bytes of plain lines: ASCII without controls and without `$`, and so without `$HEX[`. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === TAB || (byte >= SPACE && byte < DELETE && byte !== DOLLAR) ? 1 : 0,
);

/**
 * @param segment whole lines, each ended by LF
 * @param signs observes some of the credentials
 * @returns the credentials found
 */
export function deriveLines(
  segment: Uint8Array,
  rules: LineRules,
  deriver: Deriver,
  rejects: RejectCounter,
  signs?: SignCounter,
): number {
  const fields: AsciiFields = { usernameFrom: -1, usernameTo: -1, passwordFrom: 0, passwordTo: 0, times: 1 };
  const strings = deriveStrings(deriver, rejects, signs);
  let credentials = 0;
  for (let from = 0; from < segment.length; ) {
    const lineEnd = segment.indexOf(LF, from);
    let to = lineEnd;
    while (to > from && segment[to - 1] === CR) to--;
    if (to === from) rejects.add('blank');
    else if (to - from > MAX_LINE_BYTES) rejects.add('too-long');
    else if (rules.parseAscii && isPlain(segment, from, to)) {
      const reason = rules.parseAscii(segment, from, to, fields);
      if (reason === undefined) {
        const { usernameFrom, usernameTo, passwordFrom, passwordTo, times } = fields;
        if (tooLong(usernameFrom, usernameTo) || tooLong(passwordFrom, passwordTo)) rejects.add('too-long');
        else {
          if (signs?.isDue) observeAscii(signs, segment, fields);
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
      } else rejects.addLine(reason, segment.subarray(from, to));
    } else credentials += strings(Buffer.from(segment.buffer, segment.byteOffset + from, to - from), rules);
    from = lineEnd + 1;
  }
  return credentials;
}

/** Derives what a line of any bytes contains. */
function deriveStrings(
  deriver: Deriver,
  rejects: RejectCounter,
  signs: SignCounter | undefined,
): (line: Buffer, rules: LineRules) => number {
  const derive = ({ username, password, times }: Credential): boolean => {
    if (signs?.isDue) signs.observe(username, password);
    const name = username === undefined ? undefined : normalizeUsername(username);
    return deriver.add(name, normalizePassword(password), Math.min(MAX_TIMES_SEEN, times));
  };
  return (line, rules) => {
    let credentials = 0;
    parseText(line, rules, {
      credential(credential) {
        if (derive(credential)) credentials++;
        else rejects.add('too-long');
      },
      reject: (reason, text = line) => rejects.addLine(reason, text),
    });
    return credentials;
  };
}

function observeAscii(signs: SignCounter, segment: Uint8Array, fields: AsciiFields): void {
  const text = (from: number, to: number): string =>
    Buffer.from(segment.buffer, segment.byteOffset + from, to - from).toString('latin1');
  const { usernameFrom, usernameTo, passwordFrom, passwordTo } = fields;
  const username = usernameFrom < 0 ? undefined : text(usernameFrom, usernameTo);
  signs.observe(username, text(passwordFrom, passwordTo));
}

const tooLong = (from: number, to: number): boolean => to - from > MAX_FIELD_BYTES;

function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (PLAIN[bytes[i] as number] === 0) return false;
  return true;
}
