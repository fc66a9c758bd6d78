// The arguments of a checker's calls: what is malformed is an error of the calling program.

import { LookupError } from './errors.ts';
import { unknownName } from './names.ts';
import { createDeadline, type Deadline } from './transport/deadline.ts';

const CREDENTIAL = ['username', 'usernames', 'password', 'passwords'];
const MAX_USERNAMES = 16;
const MAX_PASSWORDS = 4;
const CALL_OPTIONS = ['signal'];
const CHECK_OPTIONS = ['passwordChangedAt', ...CALL_OPTIONS];

const USUAL = 'Pass { username, password } with strings as their values, and leave out what is not known.';

function malformed(why: string, hint = USUAL, cause?: unknown): LookupError {
  return new LookupError('ARGUMENT_MALFORMED', why, hint, { cause });
}

/** Quotes no name: a program may pass a request body, whose names its sender chose. */
function assertNames(value: unknown, known: readonly string[], what: string): void {
  const unknown = unknownName(value, known, 'members');
  if (unknown) throw malformed(`${what}: not an object, or an unknown member`, unknown.hint);
}

/** @throws LookupError `ARGUMENT_MALFORMED` */
export function assertCredential(credential: unknown): void {
  assertNames(credential, CREDENTIAL, 'the credential');
  const given = credential as Record<string, unknown>;
  if (!isPlain(given)) throw malformed('the credential: an instance of a class');
  const { username, password } = given;
  assertList(given, 'username', MAX_USERNAMES);
  assertList(given, 'password', MAX_PASSWORDS);
  // A member that is there and undefined is a mistake in a name: its check would be left out.
  for (const field of CREDENTIAL)
    if (field in given && given[field] === undefined) throw malformed(`${field} is there, and undefined`);
  for (const field of [username, password])
    if (field !== undefined && typeof field !== 'string') throw malformed('a username or password is not a string');
  if (CREDENTIAL.every((field) => given[field] === undefined))
    throw malformed('neither username nor password is given');
}

/** Members of a class that its instances inherit would not be seen. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Several values of a field stand in a list of their own, instead of the one. */
function assertList(given: Record<string, unknown>, field: 'username' | 'password', max: number): void {
  const list = given[`${field}s`];
  if (list === undefined) return;
  const isList = Array.isArray(list) && list.length > 0 && list.length <= max;
  if (given[field] !== undefined || !isList || !Array.from(list).every((one) => typeof one === 'string'))
    throw malformed(`${field}s is not a list of 1 to ${max} strings, or ${field} is given too`);
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
