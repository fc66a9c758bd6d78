// Every format by name, and those that a text may have: formats of tables and blocks load when one
// is named, or a text is no list of addresses.

import type { CorpusFormat, FormatModule, FormatOptions } from './formats/format.ts';
import type { TextSample } from './formats/sample.ts';
import { BLOCK_NAMES, CSV_NAMES, JSON_NAMES, SQL_NAMES } from './formats/table-names.ts';
import { LINE_MODULES } from './line-registry.ts';

const NAMED = [JSON_NAMES, CSV_NAMES, SQL_NAMES, BLOCK_NAMES, ...LINE_MODULES];

/** As in `--format`. */
export const FORMAT_NAMES: readonly string[] = NAMED.flatMap(({ names }) => names);

/** @returns false if a format of this name takes no such option, and for unknown names */
export const takesOption = (name: string, option: keyof FormatOptions): boolean =>
  NAMED.find(({ names }) => names.includes(name))?.takes.includes(option) === true;

/** @throws IngestError `FORMAT_UNKNOWN` */
export async function loadFormat(name: string, options: FormatOptions): Promise<CorpusFormat> {
  const ofLines = LINE_MODULES.find(({ names }) => names.includes(name))?.create(name, options);
  return ofLines ?? (await import('./format-registry.ts')).createFormat(name, options);
}

/** The formats that the text may have, those that the options do not fit included. */
export async function loadModules(sample: TextSample, options: FormatOptions = {}): Promise<readonly FormatModule[]> {
  const { columns, labels, blank } = options;
  const isStated = columns !== undefined || labels !== undefined || blank !== undefined;
  if (!isStated && isListOfAddresses(sample)) return LINE_MODULES;
  return (await import('./format-registry.ts')).FORMAT_MODULES;
}

/** Lines that the head of a table, a dump or a document stands in. */
const HEAD = 30;
const NEARLY_ALL = 0.95;
const ADDRESS_FIRST = /^[^\s@:;,|"'<>{}[\]()=#*-][^\s@:;,|"'<>{}[\]()=]*@[^\s@:;,|"'<>{}[\]()=]+\.[a-z]{2,}[:;,|\t]./i;

/** Whether each line begins with an address of its own, which no label or column name does. */
function isListOfAddresses({ lines, share }: TextSample): boolean {
  const isOne = (line: string): boolean => ADDRESS_FIRST.test(line);
  return lines.length >= HEAD && lines.slice(0, HEAD).every(isOne) && share(isOne) > NEARLY_ALL;
}
