// What Accept and If-None-Match ask for: RFC 9110 §12.5.1 and §13.1.2.

/**
 * True where text/plain is named itself and application/octet-stream is not preferred to it.
 * Ranges such as star/star stand for the bytes, which is what every program wants.
 */
export function prefersText(accept: string | undefined): boolean {
  if (accept === undefined || accept === '*/*' || !accept.toLowerCase().includes('text/plain')) return false;
  return quality(accept, 'text/plain') > quality(accept, 'application/octet-stream');
}

function quality(accept: string, mediaType: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== mediaType) continue;
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}

/** Compares weakly, as RFC 9110 §13.1.2 says. A malformed list matches nothing: the whole body is sent. */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((listed) => listed.trim().replace(/^W\//, '') === etag);
}
