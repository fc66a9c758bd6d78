// Pages of the gateway itself: one look, no script, and nothing from elsewhere.

import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { html, type Markup } from '../../runtime/http/markup.ts';
import { objectOf } from '../header-pairs.ts';

const STYLE =
  'body{margin:12vh auto;max-width:34rem;padding:0 1.25rem;font:1.05rem/1.55 system-ui,sans-serif;color:#1c2126;' +
  'background:#fbfbfa}h1{font-size:1.5rem;margin:0 0 .75rem}p{margin:.5rem 0}small{color:#59616a}' +
  'a,button{color:#0b5394}.choice{display:block;margin:.6rem 0;padding:.6rem .9rem;border:1px solid #8a939c;' +
  'border-radius:.4rem;background:none;font:inherit;text-decoration:none}' +
  '@media(prefers-color-scheme:dark){body{color:#e7e9ea;background:#16191c}small{color:#a3abb3}' +
  'a,button{color:#8ab8e6}}';
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;

export const documentOf = (title: string, content: Markup): string =>
  `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${{ markup: STYLE }}</style></head>
<body><main><h1>${title}</h1>${content}</main></body></html>`.markup
  }\n`;

/** Ends a response with a page. @param more headers, names and values in turn */
export function sendPage(response: ServerResponse, title: string, content: Markup, more: readonly string[] = []): void {
  const body = documentOf(title, content);
  const headers = [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store', 'Content-Security-Policy', PAGE_POLICY, 'X-Content-Type-Options', 'nosniff'],
    ...['Referrer-Policy', 'same-origin', 'Cross-Origin-Opener-Policy', 'same-origin'],
    ...more,
  ];
  response.writeHead(200, objectOf(headers));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
