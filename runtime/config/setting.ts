// A setting of the service: its schema, default and text parser, and the kinds of setting.

import { z } from 'zod';

export interface Setting<Value> {
  /** Validates the value from any source. */
  readonly schema: z.ZodType<Value>;
  /** Parses the text of an environment variable or flag; the schema rejects invalid values. */
  parse(text: string): unknown;
  readonly fallback: Value;
  /** One line for the help. */
  readonly about: string;
  /** The placeholder of the value in the help. */
  readonly placeholder: string;
  /** Whether SIGHUP applies a change; the others need a restart. */
  readonly live: boolean;
  /** A path, relative to the configuration file that sets it. */
  readonly isPath: boolean;
}

interface Traits {
  readonly live?: boolean;
}

// No message repeats the given value.

export function wholeNumber(
  about: string,
  fallback: number,
  [low, high]: readonly [number, number],
  { live = false }: Traits = {},
): Setting<number> {
  const error = `must be a whole number from ${low} to ${high}`;
  return {
    schema: z.int({ error }).min(low, { error }).max(high, { error }),
    parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : text),
    fallback,
    about,
    placeholder: '<number>',
    live,
    isPath: false,
  };
}

/** A number, or a word instead of it. */
export function wholeNumberOr<Word extends string>(
  word: Word,
  about: string,
  [low, high]: readonly [number, number],
): Setting<number | Word> {
  const error = `must be ${word}, or a whole number from ${low} to ${high}`;
  const { parse } = wholeNumber(about, low, [low, high]);
  const schema = z.union([z.literal(word), z.int().min(low).max(high)], { error });
  return { schema, parse, fallback: word, about, placeholder: `<number|${word}>`, live: false, isPath: false };
}

interface TextForm {
  readonly pattern: RegExp;
  /** Describes the pattern, after "must be". */
  readonly form: string;
  readonly placeholder: string;
}

/** Text that matches a pattern, with a default. */
export function text(about: string, fallback: string, { pattern, form, placeholder }: TextForm): Setting<string> {
  const error = `must be ${form}`;
  const schema = z.string({ error }).regex(pattern, { error });
  return { schema, parse: (given) => given, fallback, about, placeholder, live: false, isPath: false };
}

export function oneOf<Word extends string>(
  words: readonly Word[],
  about: string,
  fallback: NoInfer<Word>,
  placeholder: string,
): Setting<Word> {
  const schema = z.enum(words, { error: `must be one of ${words.join(', ')}` });
  return { schema, parse: (given) => given, fallback, about, placeholder, live: false, isPath: false };
}

export function yesOrNo(about: string, fallback: boolean, { live = false }: Traits = {}): Setting<boolean> {
  const parse = (given: string): unknown => (given === 'true' ? true : given === 'false' ? false : given);
  const schema = z.boolean({ error: 'must be true or false' });
  return { schema, parse, fallback, about, placeholder: '[true|false]', live, isPath: false };
}

const PATH = z.string({ error: 'must be a path' }).min(1, { error: 'must be a path' });

/** An optional path. */
export function place(about: string, { live = false }: Traits = {}): Setting<string | undefined> {
  const schema = PATH.optional();
  return { schema, parse: (given) => given, fallback: undefined, about, placeholder: '<path>', live, isPath: true };
}

/**
 * Several names of one form: comma-separated in the environment, one per flag on the command line.
 */
export function names(about: string, { pattern, form, placeholder }: TextForm): Setting<readonly string[]> {
  const error = `must be a list of ${form}`;
  const schema = z.array(z.string({ error }).regex(pattern, { error }), { error }).readonly();
  const parse = (given: string): unknown => given.split(',').filter((name) => name !== '');
  return { schema, parse, fallback: [], about, placeholder, live: false, isPath: false };
}

/** Several paths: comma-separated in the environment, one per flag on the command line. */
export function places(about: string): Setting<readonly string[]> {
  const schema = z.array(PATH, { error: 'must be a list of paths' }).readonly();
  const parse = (given: string): unknown => given.split(',').filter((name) => name !== '');
  return { schema, parse, fallback: [], about, placeholder: '<path>', live: false, isPath: true };
}
