// GET /, /status and their assets, and /v1/status: pages for people. PROTOCOL.md §13.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { RequestRates } from '../../protocol/service-status.ts';
import { isNotModified } from '../../runtime/http/negotiation.ts';
import { DATA_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import type { ServedSnapshots } from '../snapshots/snapshots.ts';
import type { PageFile } from './page-files.ts';
import { describeStatus } from './status.ts';

/** Undefined, and nothing done, for a request that is not about a page. Rejects where the server is at fault. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

const STATUS = '/v1/status';
const PAGE_TARGET = /^\/(?:status|assets\/[^?]*)?$/;
const METHODS = 'GET, HEAD, OPTIONS';

/** Nothing from elsewhere, nothing inline, nowhere to send a form to, in no one's frame, and no string becomes code. */
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

const SECURITY_HEADERS = [
  'Content-Security-Policy',
  CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options',
  'nosniff',
  'X-Frame-Options',
  'DENY',
  'Referrer-Policy',
  'no-referrer',
  'Cross-Origin-Resource-Policy',
  'same-origin',
  'Permissions-Policy',
  'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
];

export interface PageSources {
  readonly snapshots: ServedSnapshots;
  /** The pages' files by their path. */
  readonly files: () => Promise<ReadonlyMap<string, PageFile>>;
  readonly rates: () => Promise<RequestRates> | RequestRates;
}

export function createPageHandler({ snapshots, files, rates }: PageSources): PageHandler {
  const answerStatus = async (response: ServerResponse): Promise<void> => {
    const requests = await rates();
    const body = Buffer.from(JSON.stringify(describeStatus(snapshots.current.snapshot, requests)));
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
    response.writeHead(200, [...headers, 'Cache-Control', 'no-store', ...DATA_HEADERS]).end(body);
  };

  const answerFile = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const file = (await files()).get(path);
    if (file) sendFile(request, response, file);
    else sendProblem(response, 'ROUTE_MISSING');
  };

  return (request, response) => {
    const { method = '', url = '' } = request;
    const isStatus = url === STATUS;
    if (!isStatus && !PAGE_TARGET.test(url)) return undefined;
    if (method === 'GET' || method === 'HEAD')
      return isStatus ? answerStatus(response) : answerFile(request, response, url);
    if (method === 'OPTIONS') response.writeHead(204, PREFLIGHT).end();
    else sendProblem(response, 'METHOD_NOT_ALLOWED', ['Allow', METHODS]);
    return Promise.resolve();
  };
}

const PREFLIGHT = [
  'Allow',
  METHODS,
  'Access-Control-Allow-Methods',
  METHODS,
  'Access-Control-Allow-Headers',
  'Authorization, If-None-Match',
  'Access-Control-Max-Age',
  '86400',
  ...DATA_HEADERS,
];

function sendFile({ headers }: IncomingMessage, response: ServerResponse, file: PageFile): void {
  const zipped = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s|,|$))/i.test(String(headers['accept-encoding'] ?? ''));
  const etag = `"${file.digest}${zipped ? '-gzip' : ''}"`;
  // The path of an asset has a digest of all assets in it.
  const cacheControl = file.path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  const sent = ['ETag', etag, 'Cache-Control', cacheControl, 'Vary', 'Accept-Encoding', ...SECURITY_HEADERS];
  if (isNotModified(headers['if-none-match'], etag)) {
    response.writeHead(304, sent).end();
    return;
  }
  const body = zipped ? file.gzipped : file.bytes;
  sent.push('Content-Type', file.contentType, 'Content-Length', String(body.length));
  if (zipped) sent.push('Content-Encoding', 'gzip');
  response.writeHead(200, sent).end(body);
}

/** Has the files built when they are first asked for, in a thread; all requests share them. */
export function createPageFiles(): () => Promise<ReadonlyMap<string, PageFile>> {
  let built: Promise<ReadonlyMap<string, PageFile>> | undefined;
  return () => {
    built ??= buildInThread().catch((error) => {
      built = undefined;
      throw error;
    });
    return built;
  };
}

function buildInThread(): Promise<ReadonlyMap<string, PageFile>> {
  const file = new URL('./page-builder.ts', import.meta.url);
  return new Promise((resolve, reject) => {
    // Node calls its taking out of types experimental, on a stream that is the operator's.
    const worker = new Worker(file, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    worker.once('message', (files: readonly PageFile[]) => resolve(new Map(files.map((each) => [each.path, each]))));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without the pages')));
  });
}
