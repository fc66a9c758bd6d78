// GET /v1/filter/password: the filter file of a layer, streamed from disk. PROTOCOL.md §13, §17.

import { ProblemError } from '../../runtime/http/problem.ts';
import type { CreateHandler } from '../exchange.ts';
import { sendRanged } from './ranged-body.ts';
import { requestedLayer } from './snapshot-query.ts';

export const createFilterHandler: CreateHandler =
  ({ service: { snapshots }, limits }) =>
  (exchange) => {
    const { served, layer, name } = requestedLayer(snapshots, exchange.query);
    const { filter, facts } = layer;
    if (!filter) throw new ProblemError(facts.indexes.password ? 'FILTER_MISSING' : 'INDEX_MISSING');
    return sendRanged(exchange, filter, { snapshot: served.id, etag: `"${name}-filter"` }, limits.stalledTimeoutMs);
  };
