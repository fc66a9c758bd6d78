// Reads multipart forms as generously as some parsers of Node do, busboy among them: any part with
// a name is a field, whatever precedes it and whatever its header holds otherwise.

/** @returns the fields by name; the last of several values, as busboy's events give them */
export function readLenientMultipart(contentType: string, body: Buffer): Record<string, string> {
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^;,\s]+))/i.exec(contentType);
  if (!/^multipart\//i.test(contentType.trim()) || !boundary) throw new TypeError('not a multipart form');
  const fields: Record<string, string> = {};
  // A line break of LF alone, and blanks after the boundary, are taken for what they should be.
  const parts = body
    .toString()
    .split(`--${boundary[1] ?? boundary[2]}`)
    .slice(1);
  for (const part of parts) {
    if (part.startsWith('--')) break;
    const [, head = '', value] = /^[ \t]*\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n?$/.exec(part) ?? [];
    const name = nameIn(head);
    if (name !== undefined && value !== undefined) fields[name] = decode(head, value);
  }
  return fields;
}

function nameIn(head: string): string | undefined {
  if (/;\s*filename\*?\s*=/i.test(head)) return undefined;
  const [, extended, quoted, plain] =
    /;\s*name(?:\*\s*=\s*utf-8''([^;\s]+)|\s*=\s*(?:"((?:\\.|[^"])*)"|([^;\s]+)))/i.exec(head) ?? [];
  if (extended !== undefined) return decodeURIComponent(extended);
  return quoted?.replace(/\\(.)/g, '$1') ?? plain;
}

/** Encodings of a part, which formidable undoes. */
function decode(head: string, value: string): string {
  return /content-transfer-encoding:\s*base64/i.test(head) ? Buffer.from(value, 'base64').toString() : value;
}
