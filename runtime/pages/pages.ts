// Pages for people: their files, built once, and the policy that they are sent with.

import { Worker } from 'node:worker_threads';
import { headerBlock } from '../http/headers.ts';
import { loadOnce } from '../load-once.ts';
import type { Documents, PageFile } from './page-files.ts';

/**
 * Nothing from elsewhere, nothing inline, nowhere to send a form to, in no one's frame, and no
 * string becomes code.
 */
const CONTENT_SECURITY_POLICY = [
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

export const PAGE_HEADERS = headerBlock({
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
});

/** Has the files built when they are first asked for, in a thread; all requests share them. */
export const createPageFiles = (documents: Documents): (() => Promise<ReadonlyMap<string, PageFile>>) =>
  loadOnce(() => buildInThread(documents));

function buildInThread(workerData: Documents): Promise<ReadonlyMap<string, PageFile>> {
  const file = new URL('./page-builder.ts', import.meta.url);
  return new Promise((resolve, reject) => {
    // Type stripping warns on stderr; that stream is the operator's log.
    const worker = new Worker(file, { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] });
    worker.once('message', (files: readonly PageFile[]) => resolve(new Map(files.map((each) => [each.path, each]))));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended without the pages')));
  });
}
