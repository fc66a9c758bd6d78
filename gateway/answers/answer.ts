// An answer of the gateway's own: problem+json (RFC 9457) to programs, a page to people.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { html } from '../../runtime/http/markup.ts';
import { objectOf } from '../header-pairs.ts';
import { isHttp2 } from '../http-version.ts';
import type { AnswerKind } from './kind.ts';
import { ANSWER_KINDS, type AnswerCode } from './kinds.ts';
import { documentOf, PAGE_POLICY } from './page.ts';

/** What an answer of the operator's own has instead of ours. */
export interface CustomAnswer {
  readonly status?: number | undefined;
  readonly html?: string | undefined;
  readonly json?: string | undefined;
}

export interface AnswerOptions {
  /** The number of the request, as its events have it. */
  readonly id: string;
  /** Closes the connection after it. */
  readonly close: boolean;
  readonly custom?: CustomAnswer | undefined;
  /** More headers, names and values in turn. */
  readonly headers?: readonly string[];
  /** When it makes sense to try again. Default: with 503, five seconds. */
  readonly retryAfterS?: number | undefined;
  /** Where somebody signs in: a member of the problem, and a link on the page. */
  readonly signIn?: string;
  /** Where they show a factor: the same. */
  readonly stepUp?: string;
  /** Who is signed in, on the page alone: another account of theirs may have access. */
  readonly person?: string | undefined;
  /** A way on, on the gateway's own page. */
  readonly link?: { readonly href: string; readonly text: string } | undefined;
}

const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Of a 503. */
const RETRY_S = 5;
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** Ends a response whose head was not sent. */
export function sendAnswer(
  { headers: { accept } }: Pick<IncomingMessage, 'headers'>,
  response: ServerResponse,
  code: AnswerCode,
  {
    id,
    close,
    custom = {},
    headers = [],
    retryAfterS,
    signIn,
    stepUp,
    person,
    link = linkTo(signIn, stepUp),
  }: AnswerOptions,
): void {
  const kind: AnswerKind = ANSWER_KINDS[code];
  const status = custom.status ?? kind.status;
  const isPage = prefersPage(accept);
  const body = isPage
    ? (custom.html ?? pageOf(kind, { id, retryAfterS, person, link }))
    : (custom.json ?? problemOf(code, status, id, { signIn, stepUp }));
  const isStream = isHttp2(response.req);
  const own = [
    'Content-Type',
    isPage ? 'text/html; charset=utf-8' : 'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'Content-Security-Policy',
    isPage ? (custom.html === undefined ? PAGE_POLICY : "frame-ancestors 'none'") : DATA_POLICY,
    'X-Content-Type-Options',
    'nosniff',
    'Referrer-Policy',
    'no-referrer',
    'Date',
    new Date().toUTCString(),
    ...retryAfter(retryAfterS ?? (status === 503 ? RETRY_S : undefined)),
    ...(close && !isStream ? ['Connection', 'close'] : []),
    ...headers,
  ];
  response.sendDate = false;
  if (isStream) response.writeHead(status, objectOf(own));
  else response.writeHead(status, STATUS_CODES[status] ?? '', own);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/**
 * Ends a response with a redirect to a place of the same host.
 * @param more headers, names and values in turn
 */
export function sendRedirect(
  response: ServerResponse,
  status: 301 | 303 | 307 | 308,
  location: string,
  more: readonly string[] = [],
): void {
  const own = ['Location', location, 'Cache-Control', 'no-store', 'Content-Length', '0'];
  response.writeHead(status, objectOf([...own, ...more]));
  response.end();
}

/** Programs name no text/html, or prefer JSON to it. */
export function prefersPage(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const lower = accept.toLowerCase();
  const at = lower.indexOf('text/html');
  if (at < 0) return false;
  const json = lower.search(/application\/(?:problem\+)?json/);
  return json < 0 || at < json;
}

/** @param ways where somebody signs in, or shows a factor */
export function problemOf(
  code: AnswerCode,
  status: number,
  id: string,
  ways: { readonly signIn?: string | undefined; readonly stepUp?: string | undefined } = {},
): string {
  const { title, detail, hint } = ANSWER_KINDS[code];
  const type = `urn:credveil:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  return JSON.stringify({ type, title, status, detail, code, hint, instance: `urn:credveil:request:${id}`, ...ways });
}

const linkTo = (signIn: string | undefined, stepUp: string | undefined): AnswerOptions['link'] =>
  signIn !== undefined
    ? { href: signIn, text: 'Sign in' }
    : stepUp === undefined
      ? undefined
      : { href: stepUp, text: 'Confirm that it is you' };

const retryAfter = (seconds: number | undefined): string[] =>
  seconds === undefined ? [] : ['Retry-After', String(seconds)];

/** Rounded up, in a unit of which there are two at least. */
function formatWait(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['second', 1];
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

const pageOf = (
  { title, detail, hint }: AnswerKind,
  { id, retryAfterS, person, link }: Pick<AnswerOptions, 'id' | 'retryAfterS' | 'person' | 'link'>,
): string =>
  documentOf(
    title,
    html`<p>${detail}</p>${person === undefined ? '' : html`<p>You are signed in as <b>${person}</b>. If another account of yours has access, sign out, and sign in with that one.</p>`}<p>${hint}</p>${retryAfterS === undefined ? '' : html`<p>Try again in ${formatWait(retryAfterS)}.</p>`}${link ? html`<a href="${link.href}">${link.text}</a>` : ''}<small>Request ${id}</small>`,
  );

/** The whole answer as text, for a socket whose bytes never became a request. */
export function rawAnswer(code: AnswerCode, id: string): string {
  const { status } = ANSWER_KINDS[code];
  const body = problemOf(code, status, id);
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
