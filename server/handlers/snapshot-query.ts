// `?snapshot=`: the snapshot that a request asks for, among those that are served. PROTOCOL.md §13.

import { ProblemError } from '../../runtime/http/problem.ts';
import type { ServedSnapshot, ServedSnapshots } from '../snapshots/snapshots.ts';

const SNAPSHOT_QUERY = /^snapshot=(\d{6,12}-[0-9a-f]{16})$/;

/**
 * @param query what follows the question mark; without it the current snapshot answers
 * @throws ProblemError `QUERY_MALFORMED`, `SNAPSHOT_GONE`
 */
export function requestedSnapshot(snapshots: ServedSnapshots, query: string | undefined): ServedSnapshot {
  if (query === undefined) return snapshots.current;
  const id = SNAPSHOT_QUERY.exec(query)?.[1];
  if (id === undefined) throw new ProblemError('QUERY_MALFORMED');
  const served = snapshots.find(id);
  if (!served) throw new ProblemError('SNAPSHOT_GONE');
  return served;
}
