// GET /reference: the OpenAPI document as a page to read, without scripts and without anything from
// elsewhere.

import { createHash } from 'node:crypto';
import { html, type Markup } from '../../runtime/http/markup.ts';
import type { OpenApiDocument, OperationObject, ResponseObject } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f27; --soft: #565d6b; --page: #f6f7f9; --card: #fff; --line: #dfe3ea; --one: #2463b4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e9ecf2; --soft: #a5adbb; --page: #12151b; --card: #1b2029; --line: #2f3744; --one: #5b9bea; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: 0.9375rem; margin: 14px 0 4px; }
p { margin: 4px 0; color: var(--soft); }
a { color: var(--one); }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; margin: 0; }
nav ul { list-style: none; margin: 16px 0; padding: 0; display: grid; gap: 4px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 12px 0; }
.method { color: var(--one); font-weight: 700; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
th, td { border-top: 1px solid var(--line); padding: 6px 12px 6px 0; text-align: left; vertical-align: top; }
th { font-weight: 500; white-space: nowrap; }
td { white-space: pre-line; }
`;

/** Nothing but this one style: no script, no request, in no one's frame. */
export const REFERENCE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface ShownOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

/** HEAD is left out: it is what GET is. */
function shownOperations({ paths }: OpenApiDocument): ShownOperation[] {
  return Object.entries(paths).flatMap(([path, { get, post }]) =>
    Object.entries({ GET: get, POST: post }).flatMap(([method, operation]) =>
      operation ? [{ path, method, operation }] : [],
    ),
  );
}

export function referencePage(document: OpenApiDocument): string {
  const { info, components } = document as unknown as {
    info: { title: string; version: string; description: string };
    components: { schemas: { [name: string]: unknown } };
  };
  const operations = shownOperations(document);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} reference</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<main>
<h1>${info.title} ${info.version}</h1>
<p>${info.description}</p>
<p>For programs: <a href="openapi.json">openapi.json</a></p>
<nav aria-label="Routes"><ul>
${operations.map(({ path, method, operation }) => html`<li><a href="#${operation.operationId}"><span class="method">${method}</span> <code>${path}</code></a> ${operation.summary}</li>`)}
</ul></nav>
${operations.map(operationSection)}
${Object.entries(components.schemas).map(([name, schema]) => html`<section id="schema-${name}"><h2>${name}</h2><pre tabindex="0">${JSON.stringify(schema, undefined, 2)}</pre></section>`)}
</main>
</body>
</html>
`.markup;
}

function operationSection({ path, method, operation }: ShownOperation): Markup {
  const { operationId, summary, description = '', parameters = [], requestBody, responses, security } = operation;
  const rows = parameters.map((parameter): [string, string] => [
    `${parameter.name} (${parameter.in}${parameter.required ? '' : ', optional'})`,
    `${parameter.description}${parameter.schema.pattern ? `\n${parameter.schema.pattern}` : ''}`,
  ]);
  return html`<section id="${operationId}">
<h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${summary}. ${description}</p>
<p>${security.length === 0 ? 'Open to everyone.' : 'Requires a client key or certificate if the server has a list of clients.'}</p>
${rows.length === 0 ? '' : html`<h3>Parameters</h3>${table(rows)}`}
${requestBody ? html`<h3>Body</h3>${table(contentRows(requestBody.content))}` : ''}
<h3>Answers</h3>${table(Object.entries(responses).map(([status, response]) => [status, describeResponse(response)]))}
</section>`;
}

function describeResponse({ description, content = {}, 'x-credveil-codes': codes }: ResponseObject): string {
  if (codes) return description.replaceAll('`', '');
  return [description, ...contentRows(content).map(([type, about]) => `${type}: ${about}`)].join('\n');
}

function contentRows(content: { readonly [mediaType: string]: unknown }): [string, string][] {
  return Object.entries(content).map(([mediaType, media]) => {
    const { $ref, description = '' } = (media as { schema: { $ref?: string; description?: string } }).schema;
    return [mediaType, $ref ? ($ref.split('/').at(-1) ?? '') : description];
  });
}

function table(rows: readonly (readonly [string, string])[]): Markup {
  return html`<div class="scroll"><table><tbody>${rows.map(([name, about]) => html`<tr><th scope="row"><code>${name}</code></th><td>${about}</td></tr>`)}</tbody></table></div>`;
}
