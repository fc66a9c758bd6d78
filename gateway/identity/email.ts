// E-mail addresses of people.

/**
 * Those that read in one way: one `@`, and letters whose case everybody agrees on. The address
 * `mallory%evil.example@example.com` is Mallory's, and `evil.example!mallory@example.com` too: many
 * mail servers, Postfix by default, send on what has a route in it (RFC 5321 Appendix F.2). Some
 * take what begins otherwise than a name for a file or a program.
 */
export const EMAIL = /^[a-z0-9_][a-z0-9.#$&'*+/=?^_`{|}~-]{0,63}@(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/;

/** In lower case; undefined for one that could be read as another. */
export function plainEmail(email = ''): string | undefined {
  // Before the case changes: that of other letters than these depends on who changes it.
  return /^[\x21-\x7e]+$/.test(email) && EMAIL.test(email.toLowerCase()) ? email.toLowerCase() : undefined;
}
