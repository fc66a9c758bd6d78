// GET /v1/replica/{account|password}: all buckets of an index in a layer, for clients that may hold
// a copy. PROTOCOL.md §13, §14.

import type { IndexName } from '../../protocol/bucket-id.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { SlotStream } from '../../store/snapshot/slot-stream.ts';
import type { CreateHandler } from '../exchange.ts';
import { sendRanged } from './ranged-body.ts';
import { requestedLayer } from './snapshot-query.ts';

export const createReplicaHandler =
  (index: IndexName): CreateHandler =>
  ({ service: { snapshots }, limits }) =>
  (exchange) => {
    const { served, layer, name } = requestedLayer(snapshots, exchange.query);
    const facts = layer.facts.indexes[index];
    if (!facts) throw new ProblemError('INDEX_MISSING');
    const named = { snapshot: served.id, etag: `"${name}-${index}-slots"` };
    return sendRanged(exchange, new SlotStream(layer, index, facts), named, limits.stalledTimeoutMs);
  };
