// Lists of hashes as Have I Been Pwned publishes them: one `HASH:COUNT` or `HASH` per line.

import type { RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import type { RejectReason } from '../rejects.ts';
import type { AsciiFields, CorpusFormat, FormatModule, LineRules } from './format.ts';
import { isSpace, lineFormat } from './line-parser.ts';
import { percent } from './sample.ts';

/** Share of the lines that must match: corpora are dirty. */
const MOST = 0.8;
const COLON = 0x3a;
const ZERO = 0x30;
const MAX_COUNT_DIGITS = 15;

export function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

/** Returns the hash, in hex, in place of the password of other formats. */
function hashRules(name: RangeName): LineRules {
  const digits = 2 * HASH_BYTES[name];
  return {
    // Called for lines that are not ASCII, which contain no hash.
    parseLine: (line) => (line.trim() === '' ? 'blank' : 'bad-hash'),
    parseAscii(bytes, from, to, fields): RejectReason | undefined {
      let end = to;
      while (end > from && isSpace(bytes[end - 1])) end--;
      if (end === from) return 'blank';
      const hashEnd = from + digits;
      if (hashEnd > end) return 'bad-hash';
      for (let at = from; at < hashEnd; at++) if (!isHexDigit(bytes[at] as number)) return 'bad-hash';
      if (hashEnd === end) return takeHash(fields, from, end, 1);
      if (bytes[hashEnd] !== COLON) return 'bad-hash';
      const countAt = hashEnd + 1;
      if (countAt === end || end - countAt > MAX_COUNT_DIGITS) return 'bad-count';
      let times = 0;
      for (let at = countAt; at < end; at++) {
        const digit = (bytes[at] as number) - ZERO;
        if (digit < 0 || digit > 9) return 'bad-count';
        times = times * 10 + digit;
      }
      // HIBP's padding rows have a count of 0.
      return times === 0 ? 'bad-count' : takeHash(fields, from, hashEnd, times);
    },
  };
}

function takeHash(fields: AsciiFields, from: number, to: number, times: number): undefined {
  fields.usernameFrom = -1;
  fields.usernameTo = -1;
  fields.passwordFrom = from;
  fields.passwordTo = to;
  fields.times = times;
}

export const sha1ListFormat: CorpusFormat = lineFormat('sha1', ['sha1'], hashRules('sha1'));
export const ntlmListFormat: CorpusFormat = lineFormat('ntlm', ['ntlm'], hashRules('ntlm'));

function hashListModule(format: CorpusFormat, line: RegExp): FormatModule {
  return {
    names: [format.name],
    takes: [],
    create: () => format,
    recognise(sample) {
      const score = sample.share((text) => line.test(text));
      return score > MOST ? { format, score, reasons: [`${percent(score)} of the lines are hashes`] } : undefined;
    },
  };
}

export const hashListModules: readonly FormatModule[] = [
  hashListModule(sha1ListFormat, /^[0-9a-f]{40}(:\d{1,15})?\s*$/i),
  hashListModule(ntlmListFormat, /^[0-9a-f]{32}(:\d{1,15})?\s*$/i),
];
