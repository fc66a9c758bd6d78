// All formats by name, as in `--format` and in the facts of a run.

import { IngestError } from './errors.ts';
import { stealerBlocksModule } from './formats/blocks/stealer-blocks.ts';
import type { CorpusFormat, FormatModule, FormatOptions } from './formats/format.ts';
import { csvModule } from './formats/tables/csv.ts';
import { jsonModule } from './formats/tables/json.ts';
import { sqlModule } from './formats/tables/sql.ts';
import { LINE_MODULES } from './line-registry.ts';

/** Every format. Of equal scores, the earlier wins. */
export const FORMAT_MODULES: readonly FormatModule[] = [
  jsonModule,
  csvModule,
  sqlModule,
  stealerBlocksModule,
  ...LINE_MODULES,
];

export const FORMAT_NAMES: readonly string[] = FORMAT_MODULES.flatMap(({ names }) => names);

const findModule = (name: string): FormatModule | undefined => FORMAT_MODULES.find(({ names }) => names.includes(name));

/** @returns false if a format of this name takes no such option, and for unknown names */
export const takesOption = (name: string, option: keyof FormatOptions): boolean =>
  findModule(name)?.takes.includes(option) === true;

/** @throws IngestError `FORMAT_UNKNOWN` */
export function createFormat(name: string, options: FormatOptions = {}): CorpusFormat {
  const format = findModule(name)?.create(name, options);
  if (!format) throw new IngestError('FORMAT_UNKNOWN', 'unknown format', `Choose from ${FORMAT_NAMES.join(', ')}.`);
  return format;
}
