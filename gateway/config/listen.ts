// An address to listen on, as the schema has checked it.

/** Of `HOST:PORT`, `[IPv6]:PORT`, or `:PORT` for every address of the machine. */
export function parseListen(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host || '::', port: Number(address.slice(colon + 1)) };
}
