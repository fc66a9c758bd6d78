// Recognizes multipart forms that every parser reads alike. Parsers differ in what they take for a
// part, a name or the end of a line, so anything unusual may have another reading.

const TYPE =
  /^multipart\/form-data *; *boundary=(?:([\w'+.-]{1,70})|"([\w'()+,./:=?-]{1,70})")(?: *; *charset=utf-8)?$/i;
const OF_ANY = [/^content-length: \d+$/i, /^content-transfer-encoding: (?:8bit|binary)$/i];
/** The names have no character that parsers unescape. */
const OF_FIELD = [
  /^content-disposition: form-data; name="[^"\\%\p{Cc}]*"$/iu,
  /^content-type: text\/plain(?: *; *charset=utf-8)?$/i,
  ...OF_ANY,
];
const OF_FILE = [
  /^content-disposition: form-data; name="[^"\\%\p{Cc}]*"; filename="[^"\\\p{Cc}]*"$/iu,
  /^content-type: [ -~]*$/i,
  ...OF_ANY,
];

/**
 * Whether a multipart form has one reading.
 * @param type the header Content-Type
 * @param text the body, decoded from UTF-8 with its BOMs
 */
export function isPlainMultipart(type: string, text: string): boolean {
  const [, token, quoted] = TYPE.exec(type) ?? [];
  const boundary = token ?? quoted;
  if (boundary === undefined) return false;
  // In a plain form, the boundary occurs nowhere but between parts.
  const [preamble, ...parts] = text.split(`--${boundary}`);
  const end = parts.pop();
  return preamble === '' && (end === '--' || end === '--\r\n') && parts.every(isPlainPart);
}

/**
 * What stands between two boundaries, without its line ends. No regular expression: that takes
 * quadratic time for empty lines.
 * @returns undefined for what is no part
 */
export function splitPart(part: string): { readonly head: string; readonly value: string } | undefined {
  const end = part.indexOf('\r\n\r\n', 2);
  const isPart = part.startsWith('\r\n') && end > 2 && part.endsWith('\r\n') && part.length >= end + 6;
  return isPart ? { head: part.slice(2, end), value: part.slice(end + 4, -2) } : undefined;
}

function isPlainPart(part: string): boolean {
  const { head, value } = splitPart(part) ?? { head: '', value: '' };
  const lines = head.split('\r\n');
  if (hasOnly(lines, OF_FILE)) return true;
  // Some readers drop a BOM, or decode bytes that are not UTF-8 in another way.
  return hasOnly(lines, OF_FIELD) && !value.startsWith('\ufeff') && !value.includes('\ufffd');
}

/** Whether a header has the first of `kinds`, and the others at most once. */
function hasOnly(lines: readonly string[], kinds: readonly RegExp[]): boolean {
  const counts = kinds.map((kind) => lines.filter((line) => kind.test(line)).length);
  const known = counts.reduce((sum, count) => sum + count, 0);
  return counts[0] === 1 && counts.every((count) => count <= 1) && known === lines.length;
}
