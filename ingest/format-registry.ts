// All formats, with what recognises and reads them.

import { IngestError } from './errors.ts';
import { stealerBlocksModule } from './formats/blocks/stealer-blocks.ts';
import { detectAmong } from './formats/detect.ts';
import type { CorpusFormat, FormatModule, FormatOptions, Recognised } from './formats/format.ts';
import type { TextSample } from './formats/sample.ts';
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

/** @throws IngestError `FORMAT_UNKNOWN` */
export function createFormat(name: string, options: FormatOptions = {}): CorpusFormat {
  const format = FORMAT_MODULES.find(({ names }) => names.includes(name))?.create(name, options);
  if (!format)
    throw new IngestError(
      'FORMAT_UNKNOWN',
      'unknown format',
      `Choose from ${FORMAT_MODULES.flatMap(({ names }) => names).join(', ')}.`,
    );
  return format;
}

/** `detectAmong` all formats. */
export const detectFormat = (sample: TextSample, options: FormatOptions = {}): Recognised =>
  detectAmong(FORMAT_MODULES, sample, options);
