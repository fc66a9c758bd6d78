// `?snapshot=`: which of the served snapshots a request is about. PROTOCOL.md §13.

import type { ProblemCode } from '../../runtime/http/problems.ts';
import type { ServedSnapshot, ServedSnapshots } from '../snapshots/snapshots.ts';

const SNAPSHOT_QUERY = /^snapshot=(\d{6,12}-[0-9a-f]{16})$/;

/** @param query what follows the question mark; without one the current snapshot is meant */
export function wantedSnapshot(snapshots: ServedSnapshots, query: string | undefined): ServedSnapshot | ProblemCode {
  if (query === undefined) return snapshots.current;
  const id = SNAPSHOT_QUERY.exec(query)?.[1];
  if (id === undefined) return 'QUERY_MALFORMED';
  return snapshots.find(id) ?? 'SNAPSHOT_GONE';
}
