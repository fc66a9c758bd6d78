// The tables of a snapshot in SQLite. PROTOCOL.md §12.

import type { IndexName, RangeName } from '../../../protocol/bucket-id.ts';

/** Small pages waste the least space on overflow. */
export const PAGE_SIZE = 'page_size = 1024';

/** Of an index: its bodies by bucket or range. */
export const bodiesTable = (name: IndexName | RangeName): string =>
  `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`;

/** There if an index has more than one segment with signatures. */
export const MANIFEST_TABLE = 'CREATE TABLE manifest (id INTEGER PRIMARY KEY, roots BLOB NOT NULL)';

/** There if a range index has gaps. */
export const GAPS_TABLE = 'CREATE TABLE gaps (name TEXT PRIMARY KEY, ranges TEXT NOT NULL)';

/** The index that SQLite makes of the key of GAPS_TABLE, which has no text. */
export const GAPS_KEY = 'sqlite_autoindex_gaps_1';
