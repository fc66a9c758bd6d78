// The credential in a body that has been parsed: by the names of its fields, and never by a guess.

import type { Credential } from '../verdict/inquiry.ts';

export interface FieldNames {
  /**
   * Where the username is; a dot goes into an object (`user.email`). Of several names each that is there is checked, so
   * that a field which the handler does not read cannot hide the one that it does. Default `username` and `email`.
   */
  readonly username?: string | readonly string[];
  /** Default `password`. */
  readonly password?: string;
}

export type ParsedFields = Required<FieldNames> & { readonly username: readonly string[] };

/** A credential that may be there and cannot be told. It holds nothing of the body. */
export class CredentialUnreadable extends Error {
  override name = 'CredentialUnreadable';
}

export function unreadable(why: string): CredentialUnreadable {
  return new CredentialUnreadable(`the credential of a request cannot be read: ${why}`);
}

/**
 * One credential a username; none where there is no password.
 * @throws CredentialUnreadable where a handler may see a credential that is not to be seen here
 */
export function credentialsIn(body: unknown, fields: ParsedFields): readonly Credential[] {
  if (body === undefined || body === null) return [];
  if (typeof body !== 'object' || ArrayBuffer.isView(body)) throw unreadable('its body is not parsed into fields');
  const password = textAt(body, fields.password);
  if (password === undefined) return [];
  const usernames = new Set(fields.username.flatMap((path) => textAt(body, path) ?? []));
  if (usernames.size === 0) return [{ password }];
  return [...usernames].map((username) => ({ username, password }));
}

function textAt(body: object, path: string): string | undefined {
  const value = valueAt(body, path);
  if (value === undefined || value === null) return undefined;
  // A list or a number, which the handler may make a text of in its own way.
  if (typeof value !== 'string') throw unreadable('a field is not a text, or is there twice');
  return value;
}

/** A name of its own comes before a path. What is inherited was not sent. */
function valueAt(body: object, path: string): unknown {
  const own = (holder: unknown, name: string): unknown =>
    typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
      ? (holder as Record<string, unknown>)[name]
      : undefined;
  return own(body, path) ?? path.split('.').reduce<unknown>(own, body);
}
