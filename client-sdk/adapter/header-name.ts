// The header that tells what runs behind of a verdict: which names count as a copy of it, and how copies are removed.

/**
 * Gateways and CGI write names in their own way (`Exposed_Credential_Check`, `HTTP_EXPOSED_CREDENTIAL_CHECK`): every sign
 * that is no letter and no digit counts as a hyphen.
 */
const spelling = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

export interface HeaderName {
  /** As it is sent. */
  readonly name: string;
  /** Whether what runs behind may take it for this header. */
  isSpelling(name: string): boolean;
  /**
   * A list of names without this one. A client that names a header in `Connection` has the next proxy remove it: also
   * one that was set here. RFC 9110 §7.6.1.
   */
  unlisted(list: string): string;
}

/** Fields that list names of other fields. */
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

/** Removes whatever came in from outside, and sets what was found. */
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
