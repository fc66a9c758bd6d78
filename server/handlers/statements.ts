// GET /v1/head, /v1/statement/{snapshot} and /v1/sources/{sha256}: what clients verify before they
// believe a bucket. PROTOCOL.md §10, §13.

import { createHash } from 'node:crypto';
import { HEX64, SNAPSHOT_ID } from '../../protocol/ids.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import type { CreateHandler } from '../exchange.ts';
import type { ServedSnapshot } from '../snapshots/snapshots.ts';
import { JSON_HEADERS, replyTagged } from './document-replies.ts';

const headersOf = ({ id }: ServedSnapshot) => ['Credveil-Snapshot', id, ...JSON_HEADERS];

export const createHeadHandler: CreateHandler =
  ({ service: { snapshots } }) =>
  (exchange) => {
    if (exchange.query !== undefined) throw new ProblemError('QUERY_MALFORMED');
    const { current } = snapshots;
    const { envelope } = current.head;
    const digest = createHash('sha256').update(envelope).digest('hex');
    replyTagged(exchange, `"${digest.slice(0, 32)}"`, headersOf(current), envelope);
  };

export const createStatementHandler: CreateHandler =
  ({ service: { snapshots } }) =>
  (exchange) => {
    const { query, parameter } = exchange;
    if (query !== undefined) throw new ProblemError('QUERY_MALFORMED');
    if (!SNAPSHOT_ID.test(parameter)) throw new ProblemError('ROUTE_MISSING');
    const served = snapshots.find(parameter);
    if (!served) throw new ProblemError('SNAPSHOT_GONE');
    replyTagged(exchange, `"${served.id}-statement"`, headersOf(served), served.snapshot.stated.envelope);
  };

export const createSourcesHandler: CreateHandler =
  ({ service: { snapshots } }) =>
  (exchange) => {
    const { query, parameter } = exchange;
    if (query !== undefined) throw new ProblemError('QUERY_MALFORMED');
    if (!HEX64.test(parameter)) throw new ProblemError('ROUTE_MISSING');
    const served = snapshots.findSources(parameter);
    if (!served) throw new ProblemError('SNAPSHOT_GONE');
    replyTagged(exchange, `"${parameter.slice(0, 32)}"`, JSON_HEADERS, served.sources);
  };
