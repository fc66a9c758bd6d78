// The account with which holding back is tested, as the operator describes it.

import { parse } from 'yaml';
import { z } from 'zod';
import { text } from '../config-values.ts';

const path = z.string({ error: 'must be a path' }).regex(/^\/[\x21-\x7e]{0,1000}$/, { error: 'must be a path' });

const ACCOUNT = z.strictObject({
  /** A page with the form, which is opened first. Default: `login`. */
  form: path.optional(),
  /** Where the form goes to. */
  login: path,
  /** Of the form, with the password; hidden ones are read from the page. */
  fields: z.record(z.string(), z.string(), { error: 'must be an object of texts' }),
  /** How the fields are sent. */
  as: z.enum(['form', 'json'], { error: 'must be form or json' }).default('form'),
  /** A page that only who is signed in sees. */
  page: path,
  /** What stands there, and on no page of a stranger. */
  signedIn: text('must be text'),
  /** Of the application, where its name in the configuration is no host. */
  host: text('must be a host').optional(),
});

export type TestAccount = z.output<typeof ACCOUNT>;

const MAX_ACCOUNTS = 200;

/** One, or a list. @returns what is wrong with them, without any value, if they are none */
export function parseAccounts(
  source: string,
): { readonly accounts: readonly TestAccount[] } | { readonly faults: readonly string[] } {
  let value: unknown;
  try {
    value = parse(source, { logLevel: 'error' });
  } catch {
    return { faults: ['it is neither YAML nor JSON'] };
  }
  const checked = z
    .array(ACCOUNT)
    .min(1)
    .max(MAX_ACCOUNTS)
    .safeParse(Array.isArray(value) ? value : [value]);
  if (checked.success) return { accounts: checked.data };
  const faults = checked.error.issues.map(({ path: [, ...at], code, message }) =>
    code === 'unrecognized_keys'
      ? 'it has a key that is none'
      : at.length === 0
        ? 'it is empty, or has no keys'
        : `${at.join('.')} ${message}`,
  );
  return { faults };
}
