// Values that keys of several rooms have in the configuration. Only who reads it loads zod.

import { z } from 'zod';

const MAX_ANSWER_LENGTH = 30_000;

/** @param error what it must be */
export const text = (error: string) => z.string({ error }).min(1, { error });

export const wholeNumber = (low: number, high: number, what = 'a whole number') => {
  const error = `must be ${what} from ${low} to ${high}`;
  return z.int({ error }).min(low, { error }).max(high, { error });
};

const HOST = 'must be a host in lower case, without scheme and port';

/** Of an application with `*` in its name: others that its name covers may be somebody else's. */
export const OWN_HOSTS = z
  .array(z.string({ error: HOST }).regex(/^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/, { error: HOST }), {
    error: 'must be a list of hosts',
  })
  .min(1, { error: 'must have a host' })
  .max(1_024, { error: 'may have 1024 hosts' })
  .optional();

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
