// How the content type of a request says that its body is encoded.

export type BodyKind = 'form' | 'multipart' | 'json' | 'xml' | 'other';

const TYPE = /^([\w.+-]+\/[\w.+-]+)((?:[ \t]*;[ \t]*[\w-]+=(?:[\w.+-]+|"[^"\\]*"))*)$/;
const CHARSET = /;[ \t]*charset="?([^";]*)/gi;
/** Of others some servers know what they are, and some do not. */
const CHARSETS: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii']);
/** A value that is not ASCII has a reading in each of these anyway. */
const OF_FORMS: ReadonlySet<string> = new Set([...CHARSETS, 'iso-8859-1', 'windows-1252']);

export interface ContentType {
  readonly kind: BodyKind;
  readonly problem?: string | undefined;
}

/** @param header the value of Content-Type; undefined if there is none */
export function readContentType(header: string | undefined): ContentType {
  if (header === undefined) return { kind: 'other', problem: 'it has no content type' };
  const kind = kindOf(header);
  // The reader of multipart forms looks at the boundary.
  if (kind === 'multipart') return { kind };
  if (!TYPE.test(header)) return { kind, problem: 'its content type is malformed' };
  const charsets = [...header.matchAll(CHARSET)].map(([, charset = '']) => charset.toLowerCase());
  const known = kind === 'form' ? OF_FORMS : CHARSETS;
  if (charsets.length > 1 || charsets.some((charset) => !known.has(charset)))
    return { kind, problem: 'its charset is not UTF-8' };
  return kind === 'other' ? { kind, problem: 'its content type is unknown' } : { kind };
}

/** As the most lenient server takes it. */
function kindOf(header: string): BodyKind {
  const lower = header.toLowerCase();
  if (lower.includes('multipart/')) return 'multipart';
  if (lower.includes('x-www-form-urlencoded')) return 'form';
  if (/[/+]json\b/.test(lower)) return 'json';
  return /[/+]xml\b/.test(lower) ? 'xml' : 'other';
}
