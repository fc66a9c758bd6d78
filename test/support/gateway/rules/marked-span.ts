// Vectors of errors mark the span that an error points to: `http.host «is» "x"`.

import type { Span } from '../../../../gateway/rules/syntax/rule-error.ts';

/** A span of nothing, `«»`, stands for one column. */
export function readMarked(marked: string): { readonly source: string; readonly span: Span } {
  const start = marked.indexOf('«');
  const end = marked.indexOf('»') - 1;
  const source = marked.replace('«', '').replace('»', '');
  return { source, span: { start, end: Math.max(end, start + 1) } };
}
