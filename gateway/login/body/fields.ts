// The fields of a body, a query or a header, whatever encoded them.

import { pathsOf } from './names.ts';

export interface Field {
  /** As it was sent, decoded. */
  readonly name: string;
  /** Of an object in JSON, or of names with brackets. */
  readonly path: readonly string[];
  /** What servers may read as its value, the likeliest first; empty if it is no text. */
  readonly texts: readonly string[];
}

export interface Fields {
  readonly fields: readonly Field[];
  /** Why a server may read other fields or values; undefined if none can. */
  readonly problem?: string | undefined;
  /** It cannot be read: the fields are names alone that may stand in it. */
  readonly isBroken?: true;
}

export const NO_FIELDS: Fields = { fields: [] };
/** More than a server takes: PHP and qs drop those beyond a thousand. */
export const MAX_FIELDS = 500;
/** Of a body: of more, only names are looked for. */
export const MAX_PAIRS = 2_000;

/** @param texts what servers may read as its value */
export function fieldsNamed(name: string, texts: readonly string[]): readonly Field[] {
  return pathsOf(name).map((path) => ({ name, path, texts }));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: servers end names there, or drop them
const CONTROL = /[\0-\x1f\x7f]/;

/** The first thing that is wrong with the names and values of fields. */
export function problemIn(fields: readonly Field[]): string | undefined {
  if (fields.length > MAX_FIELDS) return 'it has too many fields';
  for (const { name, path, texts } of fields) {
    if (CONTROL.test(name)) return 'a name has control characters';
    if (path.includes('__proto__') || path.includes('constructor') || path.includes('prototype'))
      return 'a name is one that objects inherit';
    if (texts.some((text) => text.includes('\0'))) return 'a value has a NUL';
  }
  return undefined;
}
