// A place where an application takes credentials, as presets and the configuration write it.

import { z } from 'zod';
import { text } from '../config-values.ts';

const expression = text('must be an expression');
const places = z
  .union([expression.transform((one) => [one]), z.array(expression).min(1, { error: 'must have an expression' })], {
    error: 'must be an expression, or a list of them',
  })
  .refine((value) => value.length <= 64, { error: 'may have 64 expressions' });

export const LOCATION = z.strictObject({
  name: text('must be a name').max(100, { error: 'may have 100 characters' }),
  /** Which requests go there. */
  when: expression,
  /** Where the credential stands: every one of the places that a request has is checked. */
  username: places.default([]),
  password: places,
  /**
   * Whether its credential can begin a session. By default one of a form can, and one that programs
   * send with each request cannot.
   */
  beginsSession: z.boolean({ error: 'must be true or false' }).optional(),
  /** What the application answers to a right password, and to a wrong one. */
  success: expression.optional(),
  failure: expression.optional(),
  /** What asks for a second factor, if the application does so behind a right password alone. */
  secondFactor: expression.optional(),
  /** Which of both no client can bring about by what it sends, whatever the password is. */
  proves: z
    .array(z.enum(['success', 'failure'], { error: 'must be success or failure' }), {
      error: 'must be a list of success and failure',
    })
    .optional(),
});

/** As it stands in a preset, or as a configuration has it. */
export type LocationConfig = z.input<typeof LOCATION>;
