// GET /, /status and their assets, and /v1/status: pages for people. PROTOCOL.md §13.

import { DATA_HEADERS, type HeaderBlock, headerBlock } from '../../runtime/http/headers.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import type { PageFile } from '../../runtime/pages/page-files.ts';
import { createPageFiles, PAGE_HEADERS } from '../../runtime/pages/pages.ts';
import type { CreateHandler, ServiceExchange } from '../exchange.ts';
import { describeStatus } from './status.ts';

const STATUS_HEADERS: HeaderBlock = [...headerBlock({ 'Content-Type': 'application/json' }), ...DATA_HEADERS];
/** Whether gzip is listed with a weight other than 0. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s|,|$))/i;

export const createStatusHandler: CreateHandler = ({ service: { snapshots }, pages }) => {
  if (!pages) return undefined;
  return async (exchange) => {
    const requests = await pages.rates();
    const status = describeStatus(snapshots.current, requests);
    exchange.reply(200, STATUS_HEADERS, Buffer.from(JSON.stringify(status)));
  };
};

export const createPageHandler: CreateHandler = ({ pages }) => {
  if (!pages) return undefined;
  return async (exchange) => {
    const file = (await pages.files()).get(exchange.path);
    if (!file) throw new ProblemError('ROUTE_MISSING');
    replyFile(exchange, file);
  };
};

function replyFile(exchange: ServiceExchange, file: PageFile): void {
  exchange.keepToOrigin();
  const zipped = TAKES_GZIP.test(String(exchange.request.headers['accept-encoding'] ?? ''));
  const etag = `"${file.digest}${zipped ? '-gzip' : ''}"`;
  const headers = ['ETag', etag, 'Vary', 'Accept-Encoding', ...PAGE_HEADERS];
  if (exchange.hasFresh(etag)) {
    exchange.reply(304, headers);
    return;
  }
  headers.push('Content-Type', file.contentType);
  if (zipped) headers.push('Content-Encoding', 'gzip');
  exchange.reply(200, headers, zipped ? file.gzipped : file.bytes);
}

export const createFiles = () => createPageFiles({ '/': 'check', '/status': 'status' });
