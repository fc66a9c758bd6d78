// GET /v1/filter/password: a snapshot's filter file, streamed from disk. PROTOCOL.md §13, §17.

import { ProblemError } from '../../runtime/http/problem.ts';
import type { CreateHandler } from '../exchange.ts';
import { sendRanged } from './ranged-body.ts';
import { requestedSnapshot } from './snapshot-query.ts';

export const createFilterHandler: CreateHandler =
  ({ service: { snapshots }, limits }) =>
  (exchange) => {
    const { id, snapshot } = requestedSnapshot(snapshots, exchange.query);
    const { filter, facts } = snapshot;
    if (!filter) throw new ProblemError(facts.indexes.password ? 'FILTER_MISSING' : 'INDEX_MISSING');
    return sendRanged(exchange, filter, { snapshot: id, etag: `"${id}-filter"` }, limits.stalledTimeoutMs);
  };
