// Detects the format of a corpus from its first lines.

import { decodeText } from '../input/text.ts';
import { guessColumns } from './columns.ts';
import { csvFormat } from './csv.ts';
import type { CorpusFormat } from './format.ts';
import { ntlmListFormat, sha1ListFormat } from './hash-list.ts';
import { parseJsonObject } from './json-lines.ts';
import { COMBO_FORMATS, comboFormat, countedPasswordsFormat, passwordsFormat, urlFormat } from './line-format.ts';
import { createFormat, type FormatOptions } from './registry.ts';
import { BLOCK_LINE, blockRole, stealerBlocksFormat } from './stealer-blocks.ts';

/** Bytes of text to inspect. */
export const SAMPLE_BYTES = 1 << 18;
const SAMPLE_LINES = 2000;

/** Share of the lines that must match a format: corpora are dirty. */
const MOST = 0.8;
const HALF = 0.5;

const HASH_LINES = [
  [/^[0-9a-f]{40}(:\d{1,15})?\s*$/i, sha1ListFormat],
  [/^[0-9a-f]{32}(:\d{1,15})?\s*$/i, ntlmListFormat],
] as const;
const URL_LINE = /^[a-z][a-z0-9+.-]*:\/\/[^\s:]+(:\d{1,5})?[^\s:]*:[^:]+:./i;
const BARE_URL_LINE = /^([a-z0-9-]+\.)+[a-z]{2,}(:\d{1,5})?(\/[^\s:]*)?:[^\s:]+:./i;
const COUNTED_LINE = /^\s*\d{1,15}[ \t]./;
const EMAIL = /^\s*[^\s@:;,|]+@[^\s@:;,|]+\.[^\s@:;,|]+$/;

/**
 * Never fails: a corpus that matches nothing else is a list of passwords.
 * @param whole whether the sample is the whole corpus; otherwise its last line may be truncated
 * @param options may name the columns
 */
export function detectFormat(sample: Buffer, whole: boolean, options: FormatOptions = {}): CorpusFormat {
  const lines = sampleLines(sample, whole);
  const share = (is: (line: string) => boolean): number =>
    lines.length === 0 ? 0 : lines.filter(is).length / lines.length;

  for (const [pattern, format] of HASH_LINES) if (share((line) => pattern.test(line)) > MOST) return format;
  if (share((line) => parseJsonObject(line) !== undefined) > HALF) return createFormat('json-lines', options);
  const table = detectTable(lines[0] ?? '', options);
  if (table) return table;
  if (isBlocks(lines)) return stealerBlocksFormat;
  if (share((line) => URL_LINE.test(line) || BARE_URL_LINE.test(line)) > HALF) return urlFormat;
  if (share((line) => COUNTED_LINE.test(line)) > MOST) return countedPasswordsFormat;
  return lines.length === 0 ? comboFormat : (detectCombo(lines) ?? passwordsFormat);
}

function sampleLines(sample: Buffer, whole: boolean): string[] {
  const end = whole ? sample.length : sample.lastIndexOf(0x0a) + 1 || sample.length;
  const lines: string[] = [];
  for (let from = 0; from < end && lines.length < SAMPLE_LINES; ) {
    const lineEnd = sample.indexOf(0x0a, from);
    const to = lineEnd === -1 ? end : lineEnd;
    const line = decodeText(sample.subarray(from, to)).replace(/\r$/, '');
    if (line.trim() !== '') lines.push(lines.length === 0 ? line.replace(/^\ufeff/, '') : line);
    from = to + 1;
  }
  return lines;
}

const SEPARATORS = [',', '\t', ';', '|'];

/** Detects a table by a header with a usual password column, or with the given columns. */
function detectTable(header: string, options: FormatOptions): CorpusFormat | undefined {
  const cells = (separator: string): string[] =>
    header.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const { columns } = options;
  const named = (names: readonly string[]): boolean => {
    const known = names.map((name) => name.toLowerCase());
    return columns
      ? Object.values(columns).every((name) => known.includes(name.toLowerCase()))
      : guessColumns(names) !== undefined;
  };
  const separator = SEPARATORS.find((candidate) => cells(candidate).length > 1 && named(cells(candidate)));
  if (separator === undefined) return undefined;
  return csvFormat({ ...options, separator });
}

function isBlocks(lines: readonly string[]): boolean {
  const roles = lines.map((line) => BLOCK_LINE.exec(line)?.[1]).map((key) => (key ? blockRole(key) : undefined));
  const passwords = roles.filter((role) => role === 'password').length;
  const usernames = roles.filter((role) => role === 'username').length;
  return passwords > 0 && usernames > 0 && passwords + usernames > lines.length / 5;
}

/** Picks the separator that most lines contain, preferably after e-mail addresses. */
function detectCombo(lines: readonly string[]): CorpusFormat | undefined {
  let best: { format: CorpusFormat; score: number } | undefined;
  for (const [separator, format] of COMBO_FORMATS) {
    let pairs = 0;
    let emails = 0;
    for (const line of lines) {
      const at = line.indexOf(separator);
      if (at < 1 || at === line.length - 1) continue;
      pairs++;
      if (EMAIL.test(line.slice(0, at))) emails++;
    }
    const score = (pairs + emails) / lines.length;
    if (pairs > HALF * lines.length && score > (best?.score ?? 0)) best = { format, score };
  }
  return best?.format;
}
