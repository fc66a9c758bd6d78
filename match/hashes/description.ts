// Digests that name no scheme, as an operator describes them: `sha256(salt + password)`.
//
//   sum       = term *( "+" term )
//   term      = "password" / "salt" / "pepper" / text / call
//   call      = name "(" sum *( "," sum ) ")"
//   text      = a double quote, any characters but that quote, a double quote

import { createHmac } from 'node:crypto';
import { MatchError } from '../errors.ts';
import { DIGEST_BYTES, DIGEST_SECONDS, type DigestName, digestOf, ntOf } from './digests.ts';
import { decodeBase64, decodeHex, equalBytes } from './encodings.ts';
import type { ParsedHash } from './stored-hash.ts';

/** The texts of one row. */
interface Fields {
  readonly password: Uint8Array;
  readonly salt: Buffer;
  readonly pepper: Buffer;
}

/** An undecodable salt has no value. */
type Value = Buffer | undefined;
type Evaluate = (fields: Fields) => Value;

interface Expression {
  readonly evaluate: Evaluate;
  /** Of a digest: its length. In a sum or call it stands for its hex digits. */
  readonly digestBytes?: number;
}

/** What `--hash-format` describes. */
export interface HashDescription {
  readonly needsSalt: boolean;
  readonly needsPepper: boolean;
  parse(text: string, salt: string | undefined, pepper: Buffer): ParsedHash;
}

const MAX_LENGTH = 500;
const MAX_DEPTH = 16;
const TOKEN = /\s*(?:([a-z][a-z0-9-]*)|"([^"]*)"|([(),+]))/y;

const malformed = (why: string): MatchError =>
  new MatchError(
    'HASH_FORMAT_MALFORMED',
    `--hash-format: ${why}`,
    'Write a digest of password, salt, pepper and "text", such as sha256(salt + password), hmac-sha512(pepper, password) or md5(md5(password) + salt).',
  );

/** @throws MatchError `HASH_FORMAT_MALFORMED` */
export function parseDescription(text: string): HashDescription {
  if (text.length > MAX_LENGTH) throw malformed('it is too long');
  const parser = new DescriptionParser(text);
  const expression = parser.parse();
  const { digestBytes } = expression;
  const needsSalt = parser.fields.has('salt');
  const { digests } = parser;
  if (!parser.fields.has('password')) throw malformed('it has no password');
  if (digests === 0) throw malformed('it has no digest');
  return {
    needsSalt,
    needsPepper: parser.fields.has('pepper'),
    parse(hash, salt, pepper) {
      const wanted = digestBytes === undefined ? Buffer.from(hash) : decodeDigest(hash, digestBytes);
      if (!wanted) return 'malformed-hash';
      if (needsSalt && (salt === undefined || salt === '')) return 'no-salt';
      const row = { salt: Buffer.from(salt ?? ''), pepper };
      if (expression.evaluate({ ...row, password: Buffer.from('x') }) === undefined) return 'malformed-hash';
      return {
        kind: 'digest of --hash-format',
        seconds: digests * DIGEST_SECONDS,
        memoryBytes: 0,
        verify: (password) => equalBytes(expression.evaluate({ ...row, password }) as Buffer, wanted),
      };
    },
  };
}

/** Hex or base64, whichever has the length. */
function decodeDigest(text: string, bytes: number): Buffer | undefined {
  const decoded = text.length === 2 * bytes ? decodeHex(text) : decodeBase64(text);
  return decoded?.length === bytes ? decoded : undefined;
}

/** A function of one argument that is no digest. */
const TRANSFORMS: { readonly [name: string]: (bytes: Buffer) => Value } = {
  upper: (bytes) => Buffer.from(bytes.toString('utf8').toUpperCase()),
  lower: (bytes) => Buffer.from(bytes.toString('utf8').toLowerCase()),
  unhex: (bytes) => decodeHex(bytes.toString('latin1')),
  unbase64: (bytes) => decodeBase64(bytes.toString('latin1')),
  utf16le: (bytes) => Buffer.from(bytes.toString('utf8'), 'utf16le'),
};

/** A function of one argument that takes a digest as its bytes. */
const OF_BYTES: { readonly [name: string]: (bytes: Buffer) => Buffer } = {
  raw: (bytes) => bytes,
  hex: (bytes) => Buffer.from(bytes.toString('hex')),
  base64: (bytes) => Buffer.from(bytes.toString('base64')),
};

const FIELDS = ['password', 'salt', 'pepper'] as const;
type FieldName = (typeof FIELDS)[number];

const isDigestName = (name: string): name is DigestName => Object.hasOwn(DIGEST_BYTES, name);

/** A digest within something else is text. */
const asText = ({ evaluate, digestBytes }: Expression): Evaluate =>
  digestBytes === undefined
    ? evaluate
    : (fields) => {
        const digest = evaluate(fields);
        return digest && Buffer.from(digest.toString('hex'));
      };

class DescriptionParser {
  readonly fields = new Set<FieldName>();
  digests = 0;
  readonly #tokens: string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#sum();
    if (this.#at < this.#tokens.length) throw malformed('something follows its end');
    return expression;
  }

  #take(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw malformed('it ends too early');
    return token;
  }

  #sum(): Expression {
    const first = this.#term();
    if (this.#tokens[this.#at] !== '+') return first;
    const parts = [asText(first)];
    while (this.#tokens[this.#at] === '+') {
      this.#at++;
      parts.push(asText(this.#term()));
    }
    return {
      evaluate(fields) {
        const values = parts.map((part) => part(fields)).filter((value) => value !== undefined);
        return values.length < parts.length ? undefined : Buffer.concat(values);
      },
    };
  }

  #term(): Expression {
    const token = this.#take();
    if (token.startsWith('"')) {
      const bytes = Buffer.from(token.slice(1));
      return { evaluate: () => bytes };
    }
    const field = FIELDS.find((name) => name === token);
    if (field) {
      this.fields.add(field);
      return { evaluate: (fields) => Buffer.from(fields[field]) };
    }
    if (!/^[a-z]/.test(token)) throw malformed(`${token} is where a term should be`);
    return this.#call(token);
  }

  #call(name: string): Expression {
    if (++this.#depth > MAX_DEPTH) throw malformed('it is nested too deeply');
    if (this.#take() !== '(') throw malformed(`${name} is neither a field nor a call`);
    const args = [this.#sum()];
    for (let next = this.#take(); next !== ')'; next = this.#take()) {
      if (next !== ',') throw malformed(`the call of ${name} does not end`);
      args.push(this.#sum());
    }
    this.#depth--;
    return this.#apply(name, args);
  }

  #apply(name: string, args: readonly Expression[]): Expression {
    const [first, second] = args as [Expression, Expression | undefined];
    const hmac = name.startsWith('hmac-') ? name.slice('hmac-'.length) : undefined;
    if (hmac !== undefined && isDigestName(hmac) && args.length === 2) return this.#hmac(hmac, first, second);
    if (args.length !== 1) throw malformed(`no function ${name} takes ${args.length} arguments`);
    const text = asText(first);
    if (isDigestName(name)) return this.#digest(DIGEST_BYTES[name], text, (bytes) => digestOf(name, bytes));
    if (name === 'nt') return this.#digest(16, text, ntOf);
    const transform = Object.hasOwn(TRANSFORMS, name) ? TRANSFORMS[name] : undefined;
    const ofBytes = Object.hasOwn(OF_BYTES, name) ? OF_BYTES[name] : undefined;
    const source = transform ? text : first.evaluate;
    const apply = transform ?? ofBytes;
    if (!apply) throw malformed(`there is no function ${name}`);
    return {
      evaluate(fields) {
        const bytes = source(fields);
        return bytes && apply(bytes);
      },
    };
  }

  #digest(digestBytes: number, text: Evaluate, digest: (bytes: Buffer) => Buffer): Expression {
    this.digests++;
    return {
      digestBytes,
      evaluate(fields) {
        const bytes = text(fields);
        return bytes && digest(bytes);
      },
    };
  }

  #hmac(name: DigestName, key: Expression, message: Expression | undefined): Expression {
    this.digests += 2;
    const [keyText, messageText] = [asText(key), asText(message as Expression)];
    return {
      digestBytes: DIGEST_BYTES[name],
      evaluate(fields) {
        const [keyBytes, bytes] = [keyText(fields), messageText(fields)];
        return keyBytes && bytes && createHmac(name, keyBytes).update(bytes).digest();
      },
    };
  }
}

/** Texts keep their opening quote. */
function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw malformed(`character ${at + 1} is unexpected`);
    const [, word, quoted, sign] = found;
    tokens.push(word ?? sign ?? `"${quoted}`);
  }
  return tokens;
}
