// GET /, /status and their assets, and /v1/status: pages for people. PROTOCOL.md §13.

import { Worker } from 'node:worker_threads';
import { DATA_HEADERS, type HeaderBlock, headerBlock } from '../../runtime/http/headers.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { loadOnce } from '../../runtime/load-once.ts';
import type { CreateHandler, ServiceExchange } from '../exchange.ts';
import type { PageFile } from './page-files.ts';
import { describeStatus } from './status.ts';

/**
 * Nothing from elsewhere, nothing inline, nowhere to send a form to, in no one's frame, and no
 * string becomes code.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const SECURITY_HEADERS = headerBlock({
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
});
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
  const headers = ['ETag', etag, 'Vary', 'Accept-Encoding', ...SECURITY_HEADERS];
  if (exchange.hasFresh(etag)) {
    exchange.reply(304, headers);
    return;
  }
  headers.push('Content-Type', file.contentType);
  if (zipped) headers.push('Content-Encoding', 'gzip');
  exchange.reply(200, headers, zipped ? file.gzipped : file.bytes);
}

/** Has the files built when they are first asked for, in a thread; all requests share them. */
export const createPageFiles = (): (() => Promise<ReadonlyMap<string, PageFile>>) => loadOnce(buildInThread);

function buildInThread(): Promise<ReadonlyMap<string, PageFile>> {
  const file = new URL('./page-builder.ts', import.meta.url);
  return new Promise((resolve, reject) => {
    // Type stripping warns on stderr; that stream is the operator's log.
    const worker = new Worker(file, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    worker.once('message', (files: readonly PageFile[]) => resolve(new Map(files.map((each) => [each.path, each]))));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without the pages')));
  });
}
