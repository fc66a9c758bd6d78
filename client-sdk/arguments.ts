// The arguments of a checker's calls: what is malformed is an error of the calling program.

import { LookupError } from './errors.ts';
import { unknownName } from './names.ts';
import { createDeadline, type Deadline } from './transport/deadline.ts';

const CREDENTIAL = ['username', 'usernames', 'password'];
const MAX_USERNAMES = 16;
const CALL_OPTIONS = ['signal'];
const CHECK_OPTIONS = ['passwordChangedAt', ...CALL_OPTIONS];

function malformed(why: string, hint: string, cause?: unknown): LookupError {
  return new LookupError('ARGUMENT_MALFORMED', why, hint, { cause });
}

/** Quotes no name: a program may pass a request body, whose names its sender chose. */
function assertNames(value: object, known: readonly string[], what: string): void {
  const unknown = unknownName(value, known, 'members');
  if (unknown) throw malformed(`${what}: an unknown member`, unknown.hint);
}

/** @throws LookupError `ARGUMENT_MALFORMED` */
export function assertCredential(credential: unknown): void {
  if (typeof credential !== 'object' || credential === null)
    throw malformed('the credential is not an object', 'Pass { username, password }, or one of the two.');
  assertNames(credential, CREDENTIAL, 'the credential');
  const { username, usernames, password } = credential as Record<string, unknown>;
  if (usernames !== undefined) assertUsernames(usernames, username);
  for (const field of [username, password, ...((usernames as unknown[] | undefined) ?? [])])
    if (field !== undefined && typeof field !== 'string')
      throw malformed(
        'a username or password is not a string',
        'Check the types of the form fields or of the parsed body.',
      );
  if (username === undefined && password === undefined && usernames === undefined)
    throw malformed('neither username nor password is given', 'Pass at least one of them.');
}

function assertUsernames(usernames: unknown, username: unknown): void {
  if (username !== undefined)
    throw malformed('both username and usernames are given', 'Pass all usernames of the account in usernames.');
  if (!Array.isArray(usernames) || usernames.length === 0 || usernames.length > MAX_USERNAMES)
    throw malformed(
      `usernames is not a list of 1 to ${MAX_USERNAMES}`,
      'Pass the usernames of one account; omit usernames to check a password alone.',
    );
  if (usernames.includes(undefined))
    throw malformed('a username is undefined', 'Leave out the usernames that the account does not have.');
}

/**
 * For a check, and for a policy on its own.
 * @throws LookupError `ARGUMENT_MALFORMED`
 */
export function assertCheckOptions(options: unknown): void {
  assertCallOptions(options, CHECK_OPTIONS);
  const { passwordChangedAt } = options as { passwordChangedAt?: unknown };
  if (passwordChangedAt !== undefined && passwordChangedAt !== null && !(passwordChangedAt instanceof Date))
    throw malformed('passwordChangedAt is not a Date', 'Omit it if it is unknown.');
}

/** @throws LookupError `ARGUMENT_MALFORMED` */
export function assertCallOptions(options: unknown, known = CALL_OPTIONS): void {
  if (typeof options !== 'object' || options === null)
    throw malformed('the options are not an object', `The members are ${known.join(', ')}.`);
  assertNames(options, known, 'the options of a call');
}

/** @throws LookupError `ARGUMENT_MALFORMED` */
export function createCallDeadline(timeoutMs: number, { signal }: { signal?: AbortSignal | undefined }): Deadline {
  try {
    return createDeadline(timeoutMs, signal);
  } catch (cause) {
    throw malformed('signal is not an AbortSignal', 'Pass the signal of an AbortController.', cause);
  }
}
