// The small documents. Health and readiness need nothing beyond the snapshot; the rest is loaded
// with express when a client first asks for it. PROTOCOL.md §13.

import { ProblemError } from '../../runtime/http/problem.ts';
import { loadOnce } from '../../runtime/load-once.ts';
import type { CreateHandler } from '../exchange.ts';
import { replyJson } from './document-replies.ts';

export const createHealthHandler: CreateHandler =
  ({ services }) =>
  (exchange) => {
    const withdrawn = services.filter(({ snapshots }) => snapshots.isWithdrawn).map(({ dataset }) => dataset.id);
    replyJson(exchange, { status: 'ok', ...(withdrawn.length > 0 && { withdrawn }) });
  };

export const createReadinessHandler: CreateHandler =
  ({ service: { snapshots }, state }) =>
  (exchange) => {
    if (state.closing) throw new ProblemError('NOT_READY');
    if (snapshots.isWithdrawn) throw new ProblemError('SNAPSHOT_WITHDRAWN');
    const { current, refused } = snapshots;
    const warning = current.head.state(Date.now());
    const head = { validUntil: current.head.validUntil, ...(warning !== 'fresh' && { warning }) };
    // Refused: why a newer snapshot is not served.
    replyJson(exchange, { status: 'ready', snapshot: current.id, head, ...(refused && { refused }) });
  };

/** Loads express on the first request: it takes a quarter of the time a server takes to start. */
export const createDocumentHandler: CreateHandler = (context) => {
  const load = loadOnce(async () => (await import('./express-documents.ts')).createExpressHandler(context));
  return async (exchange) => (await load())(exchange);
};
