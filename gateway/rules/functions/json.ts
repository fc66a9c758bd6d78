// Looks up one value of a JSON document.

/** A name of an object's member as bytes, or a position in an array. */
export type JsonKey = string | number;

/** UTF-8 as bytes, or null if the document is malformed or has no string there. */
export function lookupString(document: string, ...keys: readonly JsonKey[]): string | null {
  const value = lookup(document, keys);
  return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('latin1') : null;
}

/** Only a plain integer, as 42 and not 42.0, cut to ±(2^53-1); null otherwise. */
export function lookupInteger(document: string, ...keys: readonly JsonKey[]): number | null {
  const value = lookup(document, keys, integersOnly);
  return typeof value === 'number' ? value : null;
}

type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;

const integersOnly: Reviver = (_key, value, { source = '' }) => {
  if (typeof value !== 'number') return value;
  if (!/^-?\d+$/.test(source)) return null;
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value)) + 0;
};

function lookup(document: string, keys: readonly JsonKey[], reviver?: Reviver): unknown {
  let value: unknown;
  try {
    value = JSON.parse(textOf(document), reviver as (key: string, value: unknown) => unknown);
  } catch {
    return null;
  }
  for (const key of keys) {
    if (typeof key === 'number') value = Array.isArray(value) ? value[key] : undefined;
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, textOf(key)))
      value = (value as { readonly [name: string]: unknown })[textOf(key)];
    else return null;
  }
  return value;
}

const textOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
