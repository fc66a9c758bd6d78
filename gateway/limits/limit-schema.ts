// The key `loginLimits` of an application.

import { z } from 'zod';
import { duration } from '../../runtime/config/duration.ts';
import { ANSWER_BODIES, text, wholeNumber } from '../config-values.ts';
import { COUNT_FAILURES, LIMIT_PRESETS, type LimitConfig, limitsOf } from './limit-config.ts';

const MAX_LIMITS = 32;
const MAX_VALUES = 4;
const MAX_ALLOW = 1_000;
const BY = /^(?:address|username|(?:header|cookie|field):[\x21-\x7e]{1,128})$/;

const answer = z.strictObject({
  /** Default: 429. */
  status: wholeNumber(400, 499, 'a status').optional(),
  ...ANSWER_BODIES,
  /** Where users choose another password: the gateway's page links there. */
  unlockUrl: text('must be a URL, or a path')
    .refine(isLink, { error: 'must be a URL with http:// or https://, or a path' })
    .optional(),
});

const allow = wholeNumber(1, MAX_ALLOW);
const window = duration('1s', '1d');
const ban = duration('1s', '30d');
const mode = z.enum(['any', 'consecutive'], { error: 'must be any or consecutive' });

/** A preset, with some of it otherwise. */
const changed = z
  .strictObject({
    preset: z.enum(LIMIT_PRESETS, { error: `must be one of ${LIMIT_PRESETS.join(', ')}` }),
    mode: mode.optional(),
    for: ban.optional(),
    answer: answer.optional(),
  })
  .transform(({ preset, mode: given, for: banMs, answer: own }): readonly LimitConfig[] =>
    limitsOf(preset).map((limit) => ({
      ...limit,
      ...(given && { mode: given }),
      ...(banMs !== undefined && { banMs }),
      ...(own && { answer: own }),
    })),
  );

const own = z
  .strictObject({
    /** In events, answers and `credveil gateway limits`. */
    name: z
      .string({ error: 'must be a name' })
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, { error: 'must be a name of letters, digits, - and _' }),
    /** Which attempts count. */
    count: text('must be an expression').default(COUNT_FAILURES),
    /** Which requests a ban acts on: logins, everything, or an expression. */
    actOn: text('must be logins, everything, or an expression').default('logins'),
    /** One limit for each combination of these values. */
    by: z
      .array(z.string().regex(BY, { error: 'must be address, username, header:NAME, cookie:NAME or field:NAME' }), {
        error: 'must be a list, such as [username]',
      })
      .min(1, { error: 'must have a value' })
      .max(MAX_VALUES, { error: 'may have 4 values' })
      .refine((values) => new Set(values).size === values.length, { error: 'has a value twice' }),
    allow,
    window,
    for: ban,
    mode: mode.default('any'),
    answer: answer.prefault({}),
  })
  .transform(({ window: windowMs, for: banMs, ...rest }): readonly LimitConfig[] => [{ ...rest, windowMs, banMs }]);

const preset = z
  .enum(LIMIT_PRESETS, { error: `must be ${LIMIT_PRESETS.join(' or ')}, or an object` })
  .transform((name) => limitsOf(name));

export const LOGIN_LIMITS_SCHEMA = z
  .union([preset, z.array(z.union([preset, changed, own], { error: 'must be a preset, or an object with name' }))], {
    error: 'must be a preset, or a list of presets and objects',
  })
  .superRefine((given, context) => {
    const names = new Set<string>();
    // Of a preset alone, which has each name once, this goes through the limits themselves.
    for (const [i, limits] of given.entries())
      for (const { name } of [limits].flat()) {
        if (names.has(name))
          context.addIssue({ code: 'custom', path: [i], message: `is a second limit with the name ${name}` });
        names.add(name);
      }
  })
  .transform((given): readonly LimitConfig[] => given.flat())
  .refine((limits) => limits.length <= MAX_LIMITS, { error: 'may have 32 limits' })
  .default([]);

/** `//host` would lead elsewhere. */
function isLink(value: string): boolean {
  if (/^\/(?![/\\])[\x21-\x7e]*$/.test(value)) return true;
  return /^https?:\/\//.test(value) && URL.canParse(value);
}
