// Addresses to listen on, as configurations write them.

export const LOOPBACK = '127.0.0.1';

/**
 * Reads `HOST:PORT`, `[IPv6]:PORT` or `:PORT`, as a schema has checked it.
 * @param withoutHost the host of `:PORT`
 */
export function parseHostPort(text: string, withoutHost: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host || withoutHost, port: Number(text.slice(colon + 1)) };
}
