// Rules in the configuration: a condition in the rule language, and what to do.

import { z } from 'zod';
import { duration } from '../../../runtime/config/duration.ts';
import { ANSWER_BODIES, text, wholeNumber } from '../../config-values.ts';
import { isHopByHop, isReserved, lettersOf } from '../../request/reserved-names.ts';

export const MAX_RULES = 5_000;
/** The gateway writes them from what it judged. */
const FRAMING: ReadonlySet<string> = new Set(['host', 'content-length', 'cookie', 'expect']);

const block = z.strictObject({
  status: wholeNumber(400, 599, 'a status').default(403),
  ...ANSWER_BODIES,
});

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, { error: 'must be a header name of letters, digits and hyphens' })
  .refine((name) => !isHopByHop(name.toLowerCase()) && !FRAMING.has(name.toLowerCase()), {
    error: 'must be a header that describes the request, and not its connection or framing',
  })
  .refine((name) => !isReserved(lettersOf(name)), { error: 'must not be a header that the gateway sets' });
const headerValue = z
  .string({ error: 'must be text' })
  .regex(/^[\x20-\x7e\x80-\xff]*$/, { error: 'must be one line of printable characters' })
  .max(4_096, { error: 'may have 4,096 characters' });

const addToList = z.strictObject({ list: text('must be the name of a list'), ttl: duration('1m', '90d').optional() });

const action = z.union(
  [
    z.literal('log').transform(() => ({ kind: 'log' }) as const),
    z.literal('skip').transform(() => ({ kind: 'skip' }) as const),
    z.literal('block').transform(() => ({ kind: 'block', block: block.parse({}) }) as const),
    z.strictObject({ block }).transform((given) => ({ kind: 'block', ...given }) as const),
    z
      .strictObject({ setHeader: z.record(headerName, headerValue) })
      .transform((given) => ({ kind: 'setHeader', ...given }) as const),
    z.strictObject({ addToList }).transform((given) => ({ kind: 'addToList', ...given }) as const),
  ],
  { error: 'must be log, skip, block, or an object with block, setHeader or addToList' },
);

const rule = z.strictObject({
  /** In events and metrics. Default: the place of the rule in the configuration. */
  name: text('must be a name').max(100).optional(),
  /** An expression of the rule language. */
  when: text('must be an expression'),
  do: action,
  /** What a rule does whose condition depends on a value that is unknown. */
  onUnknown: z.enum(['ignore', 'apply'], { error: 'must be ignore or apply' }).default('ignore'),
});

export const RULES_SCHEMA = z
  .array(rule, { error: 'must be a list of rules' })
  .max(MAX_RULES, { error: 'may have 5,000 rules' })
  .default([]);

export type RuleConfig = z.output<typeof rule>;
export type RuleAction = RuleConfig['do'];
