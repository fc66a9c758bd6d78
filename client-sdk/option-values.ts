// Checks of option values that the parsers of options share.

import { ProtocolError } from '../protocol/errors.ts';
import { LookupError } from './errors.ts';
import { quotable, unknownName } from './names.ts';

/** @param option its name, with a dot before the name of a member */
export function malformed(option: string, why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${option}: ${why}`, hint);
}

export function parseInteger(option: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    throw malformed(option, `not an integer from ${low} to ${high}`, 'Omit it to use the default.');
  return value;
}

/** The integers of an object of options: default, lowest and highest. */
export type Integers<Name extends string> = { readonly [name in Name]: readonly [number, low: number, high: number] };

/** @param within as in `assertNames` */
export function parseIntegers<Name extends string>(
  integers: Integers<Name>,
  given: { readonly [name in NoInfer<Name>]?: unknown },
  within = '',
): { readonly [name in Name]: number } {
  const parsed: { [name in Name]?: number } = {};
  for (const name of Object.keys(integers) as Name[]) {
    const [otherwise, low, high] = integers[name];
    parsed[name] = parseInteger(within + name, given[name] ?? otherwise, low, high);
  }
  return parsed as { [name in Name]: number };
}

/** @throws LookupError `KEY_MALFORMED` */
export function parseKey<Key>(parse: (text: string) => Key, text: unknown): Key {
  try {
    return parse(typeof text === 'string' ? text : '');
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new LookupError('KEY_MALFORMED', cause.message, cause.hint, { cause });
  }
}

/**
 * @param names a list of them, or an object that has them
 * @param within the option that holds these, with a dot
 * @throws LookupError `OPTION_MALFORMED`
 */
export function assertNames(options: unknown, names: object, within = ''): void {
  const unknown = unknownName(options, Array.isArray(names) ? names : Object.keys(names), 'options');
  if (!unknown) return;
  const what = unknown.name === '' ? `${within.slice(0, -1)}: not an object` : `${within}${quotable(unknown)}: unknown`;
  throw new LookupError('OPTION_MALFORMED', `option ${what}`, unknown.hint);
}
