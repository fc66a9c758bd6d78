// Formats with a credential a line.

import type { IndexName } from '../../protocol/bucket-id.ts';
import type { Credential } from '../../store/credential-records.ts';
import { LineSplitter } from '../lines.ts';
import type { RejectReason } from '../rejects.ts';
import { decodeHexNotation, decodeText } from '../text.ts';
import type { CorpusFormat } from './format.ts';

function lineFormat(
  name: string,
  feeds: readonly IndexName[],
  parseLine: (line: string) => Credential | RejectReason,
): CorpusFormat {
  return {
    name,
    feeds,
    createParser: (sink) =>
      new LineSplitter({
        line(bytes) {
          const parsed = bytes.length === 0 ? 'blank' : parseLine(decodeText(bytes));
          if (typeof parsed === 'string') sink.reject(parsed);
          else sink.credential(parsed);
        },
        tooLong: () => sink.reject('too-long'),
      }),
  };
}

/** `user:pass`. The first colon separates; a password may contain more. */
export const comboFormat = lineFormat('combo', ['account', 'password'], (line) => {
  const separator = line.indexOf(':');
  if (separator === -1) return line.trim() === '' ? 'blank' : 'no-separator';
  const username = line.slice(0, separator);
  if (username.trim() === '') return 'empty-username';
  const password = decodeHexNotation(line.slice(separator + 1));
  if (password === '') return 'empty-password';
  return { username, password, times: 1 };
});

/** A password a line. */
export const passwordsFormat = lineFormat('passwords', ['password'], (line) => {
  const password = decodeHexNotation(line);
  return password === '' ? 'empty-password' : { password, times: 1 };
});

const COUNTED = /^\s*(\d{1,15})[ \t](.*)$/s;

/** `count password`, as `sort | uniq -c` writes it: white space, digits, one blank or tab, the password. */
export const countedPasswordsFormat = lineFormat('counted-passwords', ['password'], (line) => {
  const match = COUNTED.exec(line);
  if (!match) return line.trim() === '' ? 'blank' : 'bad-count';
  const times = Number(match[1]);
  if (times === 0) return 'bad-count';
  const password = decodeHexNotation(match[2] as string);
  return password === '' ? 'empty-password' : { password, times };
});
