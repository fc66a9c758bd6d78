// The pages at the gateway's own host: their frame, and the headers that they are sent with. Styles
// and scripts are files of the same host, with a hash in their path, and nothing is inline.

import type { ServerResponse } from 'node:http';
import { html, type Markup } from '../../runtime/http/markup.ts';
import type { PageFile } from '../../runtime/pages/page-files.ts';
import { createPageFiles } from '../../runtime/pages/pages.ts';
import { objectOf } from '../header-pairs.ts';

export interface OwnPage {
  readonly title: string;
  /** Below the heading. */
  readonly content: Markup;
  /** A sentence below the heading. */
  readonly lead?: Markup | string | undefined;
  /** Who is signed in: then the page has the ways to the other ones. */
  readonly person?: string | undefined;
  /** Which of those it is. */
  readonly current?: string | undefined;
  /** What was done, or could not be: announced to screen readers. */
  readonly notice?: Notice | undefined;
  /** In `page/people/`. A page without one runs no script. */
  readonly script?: Script | undefined;
  readonly status?: number;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

export interface Notice {
  readonly kind: 'done' | 'bad';
  readonly text: string;
}

export type Script = (typeof SCRIPTS)[number];

const SCRIPTS = ['step-up', 'enrol'] as const;
/** The documents in `page/` that all of them are made from: one, and one with each script. */
const PLAIN = 'page';
const DOCUMENTS = [PLAIN, ...SCRIPTS];
const readFiles = createPageFiles(Object.fromEntries(DOCUMENTS.map((name) => [name, `people/${name}`])));

const LINKS = [
  { path: '/', text: 'Apps' },
  { path: '/factors', text: 'Security' },
  { path: '/sessions', text: 'Sessions' },
] as const;

const policyOf = (hasScript: boolean): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ...(hasScript ? ["script-src 'self'", "connect-src 'self'", "worker-src 'none'"] : []),
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const HEADERS = [
  ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff', 'X-Frame-Options', 'DENY'],
  ...['Referrer-Policy', 'same-origin', 'Cross-Origin-Opener-Policy', 'same-origin'],
  ...['Cross-Origin-Resource-Policy', 'same-origin', 'Origin-Agent-Cluster', '?1'],
  'Permissions-Policy',
  'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
];

/** Ends a response with a page. */
export async function sendOwnPage(response: ServerResponse, page: OwnPage): Promise<void> {
  const body = documentOf(await readFiles(), page);
  const headers = [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...HEADERS,
    ...['Content-Security-Policy', policyOf(page.script !== undefined)],
    ...(page.headers ?? []),
  ];
  response.writeHead(page.status ?? 200, objectOf(headers));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** A style, script or image of the pages. @returns false if there is none at this path */
export async function sendOwnFile(response: ServerResponse, path: string): Promise<boolean> {
  const file = path.startsWith('/') ? (await readFiles()).get(path) : undefined;
  if (!file) return false;
  response.writeHead(200, {
    'content-type': file.contentType,
    'content-length': String(file.bytes.length),
    // Its path has a hash of what it is.
    'cache-control': 'public, max-age=31536000, immutable',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  });
  response.end(file.bytes);
  return true;
}

function documentOf(files: ReadonlyMap<string, PageFile>, page: OwnPage): string {
  const { title, script = PLAIN } = page;
  const frame = Buffer.from(files.get(script)?.bytes ?? []).toString('utf8');
  // Pages lie in folders too.
  const absolute = frame.replaceAll('="assets/', '="/assets/');
  const [, icon = ''] = /<link rel="icon" href="([^"]+)"/.exec(absolute) ?? [];
  return absolute
    .replace('<!-- title -->', () => html`${title}`.markup)
    .replace('<!-- body -->', () => bodyOf(page, icon).markup);
}

function bodyOf({ title, content, lead, person, current, notice }: OwnPage, icon: string): Markup {
  const brand = html`<img src="${icon}" alt="" width="28" height="28">Credveil`;
  const heading = html`<header class="heading page"><h1>${title}</h1>${lead ? html`<p>${lead}</p>` : ''}</header>`;
  const note = notice ? noticeOf(notice) : '';
  if (person === undefined)
    return html`<div class="door"><p class="brand">${brand}</p>
<main id="main" class="card">${heading}${note}${content}</main></div>`;
  return html`<a class="skip" href="#main">Skip to the content</a>
<header class="top"><a class="brand" href="/">${brand}</a>
<nav aria-label="Pages">${LINKS.map((link) => linkOf(link, current))}</nav>
<p class="who"><span class="hidden">Signed in as </span><span class="name" title="${person}">${person}</span> <a class="quiet" href="/sign-out">Sign out</a></p></header>
<main id="main" tabindex="-1">${heading}${note}${content}</main>`;
}

const linkOf = ({ path, text }: (typeof LINKS)[number], current: string | undefined): Markup =>
  path === current ? html`<a href="${path}" aria-current="page">${text}</a>` : html`<a href="${path}">${text}</a>`;

const noticeOf = ({ kind, text }: Notice): Markup =>
  kind === 'bad'
    ? html`<p class="note" role="alert">${text}</p>`
    : html`<p class="note good" role="status">${text}</p>`;
