// The header that carries the verdict to the handler: which names count as it, and how incoming
// copies are removed.

/**
 * Gateways and CGI respell names (`Exposed_Credential_Check`, `HTTP_EXPOSED_CREDENTIAL_CHECK`), so
 * every character that is not a letter or a digit counts as a hyphen.
 */
const spelling = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

export interface HeaderName {
  /** The name as sent. */
  readonly name: string;
  /** Whether a handler may take `name` for this header. */
  isSpelling(name: string): boolean;
  /**
   * Removes this header from a list of names. A client can name a header in `Connection` so that
   * the next proxy removes it, even one set here. RFC 9110 §7.6.1.
   */
  unlisted(list: string): string;
}

/** Fields whose value lists names of other fields. */
export const NAME_LISTS: readonly string[] = ['connection', 'trailer'];

export function createHeaderName(name: string): HeaderName {
  const own = spelling(name);
  const isSpelling = (other: string): boolean => spelling(other) === own;
  return {
    name,
    isSpelling,
    unlisted: (list) =>
      list
        .split(',')
        .map((listed) => listed.trim())
        .filter((listed) => listed !== '' && !isSpelling(listed))
        .join(', '),
  };
}

/** Removes every incoming copy, and sets `value` if given. */
export function replaceHeader(headers: Headers, header: HeaderName, value?: string): void {
  for (const [name, list] of [...headers]) {
    if (header.isSpelling(name)) headers.delete(name);
    if (!NAME_LISTS.includes(name)) continue;
    const rest = header.unlisted(list);
    if (rest === '') headers.delete(name);
    else headers.set(name, rest);
  }
  if (value !== undefined) headers.set(header.name, value);
}
