// Pages of the gateway itself: one look, no script, and nothing from elsewhere.

import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { html, type Markup } from '../../runtime/http/markup.ts';
import { objectOf } from '../header-pairs.ts';

/** Of a page that has to come whole: any host of an application may send it. */
const STYLE =
  ':root{color-scheme:light dark;--page:#f6f5f0;--card:#fff;--ink:#1a211f;--soft:#525c58;--line:#dcd9ce;--act:#125a49;--on:#fff}' +
  '@media(prefers-color-scheme:dark){:root{--page:#0f1312;--card:#171d1b;--ink:#e8edeb;--soft:#a7b2ae;--line:#2b3431;' +
  '--act:#7fd1b9;--on:#0f1312}}*{box-sizing:border-box}' +
  'body{margin:0;display:grid;place-items:center;min-height:100vh;padding:2rem 1rem;background:var(--page);color:var(--ink);' +
  'font:1rem/1.6 -apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",system-ui,sans-serif;overflow-wrap:anywhere}' +
  'main{width:100%;max-width:30rem;padding:clamp(1.5rem,6vw,2.5rem);border:1px solid var(--line);border-radius:1.25rem;' +
  'background:var(--card);box-shadow:0 12px 32px -16px rgb(26 33 31/18%)}' +
  'h1{margin:0 0 .75rem;font-size:1.75rem;line-height:1.15;letter-spacing:-.025em;font-weight:650}p{margin:.75rem 0 0}' +
  'form{margin-top:1.5rem}small{display:block;margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);' +
  'font-size:.875rem;color:var(--soft)}a{color:var(--act);text-underline-offset:.2em}' +
  'button,main>a{display:block;width:100%;min-height:3rem;margin-top:1.5rem;padding:.7rem 1.25rem;border:0;border-radius:.625rem;' +
  'background:var(--act);color:var(--on);font:inherit;font-weight:650;text-align:center;text-decoration:none;cursor:pointer}' +
  ':focus-visible{outline:3px solid var(--act);outline-offset:3px}' +
  '.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}';
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const policyFor = (action: string): string =>
  `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${action}; frame-ancestors 'none'; base-uri 'none'`;
export const PAGE_POLICY = policyFor("'self'");
/** Of a form that is the application's: the policy of its page holds for what it redirects to. */
export const OPEN_POLICY = policyFor('*');

export const documentOf = (title: string, content: Markup): string =>
  `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${title}</title><style>${{ markup: STYLE }}</style></head>
<body><main><h1>${title}</h1>${content}</main></body></html>`.markup
  }\n`;

/** Ends a response with a page. @param more headers, names and values in turn */
export function sendPage(
  response: ServerResponse,
  title: string,
  content: Markup,
  more: readonly string[] = [],
  policy = PAGE_POLICY,
): void {
  const body = documentOf(title, content);
  const headers = [
    ...['Content-Type', 'text/html; charset=utf-8', 'Content-Length', String(Buffer.byteLength(body))],
    ...['Cache-Control', 'no-store', 'Content-Security-Policy', policy, 'X-Content-Type-Options', 'nosniff'],
    ...['Referrer-Policy', 'same-origin', 'Cross-Origin-Opener-Policy', 'same-origin', 'X-Frame-Options', 'DENY'],
    ...more,
  ];
  response.writeHead(200, objectOf(headers));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
