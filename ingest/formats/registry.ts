// All formats by name, as in `--format` and in the facts of a run.

import { IngestError } from '../errors.ts';
import type { Columns } from './columns.ts';
import { csvFormat } from './csv.ts';
import type { CorpusFormat } from './format.ts';
import { jsonLinesFormat } from './json-lines.ts';
import { LINE_FORMATS } from './line-format.ts';
import { stealerBlocksFormat } from './stealer-blocks.ts';

export interface FormatOptions {
  readonly columns?: Columns;
  readonly blank?: string;
}

/** Formats without options. */
const PLAIN_FORMATS: readonly CorpusFormat[] = [...LINE_FORMATS, stealerBlocksFormat];

/** Formats with named columns. */
const TABLES: { readonly [name: string]: (options: FormatOptions) => CorpusFormat } = {
  csv: (options) => csvFormat(options),
  tsv: (options) => csvFormat({ ...options, separator: '\t' }),
  'json-lines': ({ columns }) => jsonLinesFormat(columns),
};

export const FORMAT_NAMES: readonly string[] = [...PLAIN_FORMATS.map(({ name }) => name), ...Object.keys(TABLES)];

export const takesColumns = (name: string): boolean => name in TABLES;

/** @throws IngestError `FORMAT_UNKNOWN` */
export function createFormat(name: string, options: FormatOptions = {}): CorpusFormat {
  const format = TABLES[name]?.(options) ?? PLAIN_FORMATS.find((plain) => plain.name === name);
  if (!format) throw new IngestError('FORMAT_UNKNOWN', 'unknown format', `Choose from ${FORMAT_NAMES.join(', ')}.`);
  return format;
}
