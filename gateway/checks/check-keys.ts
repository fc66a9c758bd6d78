// Keys of an application's `login` that are about its check.

import { z } from 'zod';
import { wholeNumber } from '../config-values.ts';

const ACTIONS = ['header', 'notify', 'redirect', 'hold'] as const;
export type LeakAction = (typeof ACTIONS)[number];

const error = 'must be header, notify, redirect, hold, or a list of them';
const action = z.enum(ACTIONS, { error });
const actions = z
  .union([action.transform((one) => [one]), z.array(action, { error }).max(ACTIONS.length, { error })], { error })
  .transform((given): readonly LeakAction[] => given);
/** The header is what applications may read already. */
const otherwise = (): readonly LeakAction[] => ['header'];

const ON_LEAKED = z.strictObject({
  pair: actions.default(otherwise),
  similar: actions.default(otherwise),
  password: actions.default(otherwise),
  username: actions.default(otherwise),
});

const MAX_UNKNOWN_CHECKS = 100_000;

/** Keys of an application's `login` that are about its check. */
export const CHECK_KEYS = {
  /** When the application gets the verdict: with the request after the login, or with the login. */
  header: z.enum(['after', 'before'], { error: 'must be after or before' }).default('after'),
  /** What becomes of a right password that could not be checked. */
  onUnknown: z.enum(['allow', 'deny'], { error: 'must be allow or deny' }).default('allow'),
  onLeaked: ON_LEAKED.prefault({}),
  /** A minute, of logins whose outcome is not proven. 0: they pass without a check. */
  unknownChecks: wholeNumber(0, MAX_UNKNOWN_CHECKS).default(300),
};

const SCHEMA = z.strictObject(CHECK_KEYS);
export type CheckPolicy = z.output<typeof SCHEMA>;
