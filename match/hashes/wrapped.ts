// Hashes inside of another notation: the prefixes by which directories, frameworks and wikis name
// the scheme of a hash that names itself.

/** `{CRYPT}$6$…` of OpenLDAP, `{bcrypt}$2a$…` of Spring, `{ARGON2ID}$argon2id$…` of Dovecot. */
const BRACES = /^\{(?:crypt|bcrypt|blf-crypt|argon2(?:id?|d)?|sha256-crypt|sha512-crypt|md5-crypt)\}(?=[$_])/i;
/** Django writes its own name of the algorithm in front: `argon2$argon2id$…`, `bcrypt$$2b$…`. */
const DJANGO_ARGON2 = /^argon2(?=\$argon2)/;
const DJANGO_BCRYPT = /^bcrypt\$(?=\$2)/;
/** MediaWiki: `:argon2:$argon2id$…`. */
const MEDIAWIKI = /^:argon2:(?=\$argon2)/;

const PREFIXES = [BRACES, DJANGO_ARGON2, DJANGO_BCRYPT, MEDIAWIKI];

/** @returns the hash itself */
export function unwrapHash(text: string): string {
  const prefix = PREFIXES.find((pattern) => pattern.test(text));
  return prefix ? text.replace(prefix, '') : text;
}
