// Recognises what stands in place of an account's password and is certainly none.

/** Hashes of crypt, Argon2 and Django, each of a length that no password has by chance. */
const CRYPT =
  /^\$(?:2[abxy]?\$\d\d\$[./\w]{53}|[PHS]\$[./\w]{31,52}|(?:1|apr1)\$[^$]{1,8}\$[./\w]{22}|[56]\$(?:rounds=\d+\$)?[^$]{1,16}\$[./\w]{43,86}|y\$[./\w]{2,8}\$[./\w$]{24,}|argon2(?:id|i|d)\$\S{32,})$|^(?:pbkdf2_sha(?:1|256|512)|argon2|bcrypt_sha256)\$\S{32,}$/;
const MIN_CRYPT = 30;
/** What stealers and other programs write for a password that was not saved. */
const ABSENT = /^[[(<](?:not[ _]saved|no[ _]password|null)[\])>]$/i;
const MAX_ABSENT = 13;

/** Whether the text of a password may be one of these. @param first the first byte of a password */
export const mayBeAbsent = (first: number | undefined, length: number): boolean =>
  (first === 0x5b || first === 0x28 || first === 0x3c) && length <= MAX_ABSENT;

/** @param password of an account. @returns why it is none */
export function reasonNoPassword(password: string): 'hash-password' | 'no-password' | undefined {
  if (mayBeAbsent(password.charCodeAt(0), password.length) && ABSENT.test(password)) return 'no-password';
  const mayBeHash = password.length >= MIN_CRYPT && password.includes('$');
  return mayBeHash && CRYPT.test(password) ? 'hash-password' : undefined;
}
