// JSON lines: one object per line, with fields by name.

import type { Credential } from '../../store/run/credential-records.ts';
import { LineSplitter } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import type { RejectReason } from '../rejects.ts';
import { COUNT_NAMES, PASSWORD_NAMES, USERNAME_NAMES } from './columns.ts';
import type { CorpusFormat, FormatModule, FormatOptions } from './format.ts';
import { percent } from './sample.ts';

type Json = { readonly [name: string]: unknown };

export function parseJsonObject(line: string): Json | undefined {
  // In an array with one item per line, each line ends in a comma.
  const text = line.trim().replace(/,$/, '');
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Returns the first of the named fields that is a string or a number. */
function field(record: Map<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record.get(name.toLowerCase());
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

/** @param options may name the fields; default: the usual ones */
export function jsonLinesFormat(options: FormatOptions): CorpusFormat {
  const { columns } = options;
  const usernames = columns ? (columns.username === undefined ? [] : [columns.username]) : USERNAME_NAMES;
  const passwords = columns ? [columns.password] : PASSWORD_NAMES;
  const counts = columns ? (columns.count === undefined ? [] : [columns.count]) : COUNT_NAMES;

  const parse = (line: string): Credential | RejectReason => {
    if (line.trim() === '') return 'blank';
    const json = parseJsonObject(line);
    if (!json) return 'malformed-row';
    const record = new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value]));
    const username = field(record, usernames);
    const password = field(record, passwords);
    if (password === undefined || (username === undefined && usernames.length > 0)) return 'missing-column';
    if (username?.trim() === '') return 'empty-username';
    if (password === '') return 'empty-password';
    const count = field(record, counts) ?? '1';
    if (!/^\d{1,15}$/.test(count) || Number(count) === 0) return 'bad-count';
    const times = Number(count);
    return username === undefined ? { password, times } : { username, password, times };
  };

  return {
    name: 'json-lines',
    options,
    feeds: usernames.length === 0 ? ['password'] : ['account', 'password'],
    createParser: (sink) =>
      new LineSplitter({
        line(bytes) {
          const parsed = parse(decodeText(bytes));
          if (typeof parsed === 'string') sink.reject(parsed);
          else sink.credential(parsed);
        },
        tooLong: () => sink.reject('too-long'),
      }),
  };
}

/** Share of the lines that must be objects: corpora are dirty. */
const HALF = 0.5;

export const jsonLinesModule: FormatModule = {
  names: ['json-lines'],
  takes: ['columns'],
  create: (_name, options) => jsonLinesFormat(options),
  recognise(sample, options) {
    const score = sample.share((line) => parseJsonObject(line) !== undefined);
    if (score <= HALF) return undefined;
    return { format: jsonLinesFormat(options), score, reasons: [`${percent(score)} of the lines are JSON objects`] };
  },
};
