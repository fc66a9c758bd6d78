// The names and options of formats of tables and blocks, apart from what reads them, which loads
// only when a text may be one.

import type { FormatModule } from './format.ts';

type Named = Pick<FormatModule, 'names' | 'takes'>;

export const JSON_NAMES: Named = { names: ['json', 'json-lines'], takes: ['columns'] };
export const CSV_NAMES: Named = { names: ['csv', 'tsv'], takes: ['columns', 'blank', 'separator'] };
export const SQL_NAMES: Named = { names: ['sql'], takes: ['columns', 'blank'] };
export const BLOCK_NAMES: Named = { names: ['stealer-blocks'], takes: ['labels', 'separator'] };
