// Checks of option values that the parsers of options share.

import { ProtocolError } from '../protocol/errors.ts';
import { LookupError } from './errors.ts';

/** @param option its name, with a dot before the name of a member */
export function malformed(option: string, why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${option}: ${why}`, hint);
}

export function parseInteger(option: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    throw malformed(option, `not an integer from ${low} to ${high}`, 'Omit it to use the default.');
  return value;
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
