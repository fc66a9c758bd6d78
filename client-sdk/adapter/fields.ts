// Finds the credential in a parsed body by the names of its fields, and never by guessing.

import type { Credential } from '../verdict/inquiry.ts';

export interface FieldNames {
  /**
   * Name of the username field; a dot descends into an object (`user.email`). Given several names,
   * the guard checks every field that is present, so that a field which the handler ignores cannot
   * hide the one that it reads. Default `username` and `email`.
   */
  readonly username?: string | readonly string[];
  /** Name of the password field. Default `password`. */
  readonly password?: string;
}

export type ParsedFields = Required<FieldNames> & { readonly username: readonly string[] };

/** A credential that may be present but is ambiguous. The error contains no part of the body. */
export class CredentialUnreadable extends Error {
  override name = 'CredentialUnreadable';
}

export function unreadable(why: string): CredentialUnreadable {
  return new CredentialUnreadable(`cannot read the credential in the request: ${why}`);
}

/**
 * Returns one credential per username; none without a password.
 * @throws CredentialUnreadable if a handler may see a credential that the guard cannot
 */
export function credentialsIn(body: unknown, fields: ParsedFields): readonly Credential[] {
  if (body === undefined || body === null) return [];
  if (typeof body !== 'object' || ArrayBuffer.isView(body)) throw unreadable('the body was not parsed into fields');
  const password = textAt(body, fields.password);
  if (password === undefined) return [];
  const usernames = new Set(fields.username.flatMap((path) => textAt(body, path) ?? []));
  if (usernames.size === 0) return [{ password }];
  return [...usernames].map((username) => ({ username, password }));
}

function textAt(body: object, path: string): string | undefined {
  const value = valueAt(body, path);
  if (value === undefined || value === null) return undefined;
  // A handler may convert a list or a number to a string in its own way.
  if (typeof value !== 'string') throw unreadable('a field is not a string, or is repeated');
  return value;
}

/** An own property named `path` wins over the path. Inherited properties were not sent. */
function valueAt(body: object, path: string): unknown {
  const own = (holder: unknown, name: string): unknown =>
    typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
      ? (holder as Record<string, unknown>)[name]
      : undefined;
  return own(body, path) ?? path.split('.').reduce<unknown>(own, body);
}
