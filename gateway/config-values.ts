// Values that keys of several rooms have in the configuration. Only who reads it loads zod.

import { z } from 'zod';

const MAX_ANSWER_LENGTH = 30_000;

/** @param error what it must be */
export const text = (error: string) => z.string({ error }).min(1, { error });

export const wholeNumber = (low: number, high: number, what = 'a whole number') => {
  const error = `must be ${what} from ${low} to ${high}`;
  return z.int({ error }).min(low, { error }).max(high, { error });
};

const answerBody = z.string({ error: 'must be text' }).max(MAX_ANSWER_LENGTH, { error: 'may have 30,000 characters' });

/** Bodies of the operator's own, instead of the gateway's. */
export const ANSWER_BODIES = {
  /** For people, instead of the gateway's page. */
  html: answerBody.optional(),
  /** For programs, instead of problem+json. */
  json: answerBody.refine(isJson, { error: 'must be JSON' }).optional(),
};

function isJson(value: string): boolean {
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
