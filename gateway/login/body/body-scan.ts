// Looks for the names of a login's fields in a body that is not read: while it is forwarded, or
// since no reading of it is certain.

import { isUtf8 } from 'node:buffer';
import type { BodyKind } from './content-type.ts';
import { type Field, fieldsNamed } from './fields.ts';
import { nameOf } from './form.ts';
import { isLong, matchFields, type Target } from './match-fields.ts';
import { FormScan } from './scan-form.ts';
import { JsonScan } from './scan-json.ts';
import { MultipartScan } from './scan-multipart.ts';
import { XmlScan } from './scan-xml.ts';
import { spelledNames } from './spelled-names.ts';

/** Names of the fields of one login, prepared for scans. */
export class WantedNames {
  readonly usernames: NameTest;
  readonly passwords: NameTest;
  /** Those that no bytes of a picture have by chance. */
  readonly long: Pick<WantedNames, 'usernames' | 'passwords'>;

  constructor(usernames: readonly Target[], passwords: readonly Target[]) {
    this.usernames = new NameTest(usernames);
    this.passwords = new NameTest(passwords);
    const [ofUsers, ofPasswords] = [usernames, passwords].map((targets) => targets.filter(isLong));
    this.long = { usernames: new NameTest(ofUsers ?? []), passwords: new NameTest(ofPasswords ?? []) };
  }
}

/**
 * What stands behind a key of what is nearly JSON, whose blanks JSON5 has more of than ASCII. Its
 * colon may come after any number of them: many are enough.
 */
const KEY_END = String.raw`(?:[\s\0"'\x60\x80-\xff]{0,63}[:=/#]|[\s\0"'\x60\x80-\xff]{64})`;

type Decode = (name: string) => readonly Field[];

class NameTest {
  readonly #targets: readonly Target[];
  readonly #spelled: RegExp;
  readonly #key: RegExp;
  readonly #word: RegExp;
  readonly #whole: RegExp;
  readonly #tag: RegExp;

  constructor(targets: readonly Target[]) {
    this.#targets = targets;
    const names = targets.flatMap(({ letters, segments }) => [letters, segments.at(-1) ?? '']);
    this.#spelled = new RegExp(spelledNames(shortestOf(names)), 'i');
    this.#key = new RegExp(`(?<![\\w.$-])${spelledNames(names)}${KEY_END}`, 'i');
    this.#word = new RegExp(`(?<!\\w)${spelledNames(names)}(?!\\w)`, 'i');
    this.#whole = new RegExp(`^\\s*${spelledNames(names)}\\s*$`, 'i');
    const tag = `(?:[\\w.-]{1,64}:)?${spelledNames(names)}`;
    this.#tag = new RegExp(`<${tag}[\\s/>]|[\\s"']${tag}\\s{0,8}=`, 'i');
  }

  /** Quick, and right if it says no. */
  isSpelledIn(text: string): boolean {
    return this.#spelled.test(text);
  }

  /** @param name as it stands there, which is decoded only if it may be one of these */
  isIn(name: string, decode: Decode): boolean {
    return this.#spelled.test(name) && matchFields(this.#targets, decode(name)).isFound;
  }

  /**
   * As a name in text of any kind, such as that of an element of XML. Where lengths stand before
   * names, as in CBOR and Smile, they may look like letters.
   */
  isWordIn(text: string): boolean {
    return this.#spelled.test(text) && (this.#word.test(text) || isBinary(text));
  }

  /** As a key in the text of a field, such as JSON in a form, or all of it: a list of pairs. */
  isKeyInValue(text: string): boolean {
    return this.#spelled.test(text) && (this.#whole.test(text) || this.#key.test(text.replaceAll('\\', '')));
  }

  /** As the name of an element or attribute of XML. */
  isTagIn(text: string): boolean {
    return this.#spelled.test(text) && this.#tag.test(text);
  }

  /** As a key of what is nearly JSON. */
  isKeyIn(text: string): boolean {
    return this.#key.test(text);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\0-\x08\x0e-\x1f]/;
const NO_ASCII = /[\x80-\xff]/;
/** @param text each character is one byte */
const isBinary = (text: string): boolean =>
  CONTROLS.test(text) || (NO_ASCII.test(text) && !isUtf8(Buffer.from(text, 'latin1')));

/** A text that has none of them has none of the longer ones that they stand in. */
const shortestOf = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !names.some((other) => other !== '' && other !== name && name.includes(other)));

export type ReadAs = 'form' | 'json' | 'multipart' | 'xml';

/** What one reader may have found so far. */
interface Reading {
  readonly as: ReadAs;
  /** The type names another reader: one field alone is no sign of a login. */
  readonly isGuess: boolean;
  username: boolean;
  password: boolean;
}

/** What lenient readers skip before JSON: Gson has comments of both kinds, and `)]}'`. */
export const LOOKS_LIKE_JSON = /^[\s\0\xef\xbb\xbf\xfe\xff]*(?:[{[#]|\/[/*]|\)\])/;
const BEGINNING = /[^\s\0\xef\xbb\xbf\xfe\xff][\s\S]?/;

const WIDE = /\0|^(?:\xff\xfe|\xfe\xff)/;

/** Which fields of the login stand in the query. */
export interface Elsewhere {
  readonly username: boolean;
  readonly password: boolean;
  /** The name of a password alone is no sign of the login. */
  readonly needsBoth?: boolean;
}

export class BodyScan {
  readonly #names: WantedNames;
  readonly #kind: BodyKind;
  readonly #readings: Reading[] = [];
  readonly #form: FormScan;
  readonly #multipart: MultipartScan | undefined;
  /** Undefined as long as nothing of the text has come. */
  #json: JsonScan | XmlScan | 'none' | undefined;
  readonly #elsewhere: Elsewhere;
  /** Of JSON in UTF-16 or UTF-32, without its zeros; escapes have them between their letters. */
  #wide: JsonScan | undefined;
  #beginning = '';

  constructor(names: WantedNames, kind: BodyKind, elsewhere: Elsewhere) {
    this.#names = names;
    this.#kind = kind;
    this.#elsewhere = elsewhere;
    const ofForm = this.#reading('form', kind !== 'form');
    this.#form = new FormScan((name) => {
      // Such as `$password =` in a program, on a line of its own.
      if (!ofForm.isGuess || !LINE_END.test(name)) this.#take(ofForm, name, fieldOfForm);
    });
    if (kind !== 'multipart') return;
    const ofParts = this.#reading('multipart', false);
    this.#multipart = new MultipartScan(
      (name) => this.#take(ofParts, name, fieldOfForm),
      () => {
        ofParts.password = true;
      },
    );
  }

  /** @returns whether the name of a password has come */
  push(bytes: Buffer): boolean {
    return this.pushText(bytes.toString('latin1'));
  }

  /** @param text each character is one byte */
  pushText(text: string): boolean {
    this.#json ??= this.#judge(text);
    this.#form.push(text);
    this.#multipart?.push(text);
    if (typeof this.#json === 'object') this.#json.push(text);
    this.#pushWide(text);
    return this.foundAs.length > 0;
  }

  /** As what a login was found. */
  get foundAs(): readonly ReadAs[] {
    const elsewhere = this.#elsewhere;
    const isFound = ({ isGuess, username, password }: Reading): boolean =>
      (password && (!(isGuess || elsewhere.needsBoth) || username || elsewhere.username)) ||
      (username && elsewhere.password);
    return this.#readings.filter(isFound).map((reading) => reading.as);
  }

  /** Readers tell a wide encoding by the first four bytes: RFC 4627 §3. */
  #pushWide(text: string): void {
    if (this.#beginning.length === 4) {
      this.#wide?.push(text.replaceAll('\0', ''));
      return;
    }
    const begun = this.#beginning + text;
    this.#beginning = begun.slice(0, 4);
    if (begun.length < 4 || !WIDE.test(this.#beginning)) return;
    this.#wide = this.#scanJson();
    this.#wide.push(begun.replaceAll('\0', ''));
  }

  #judge(text: string): JsonScan | XmlScan | 'none' | undefined {
    const [beginning] = BEGINNING.exec(text) ?? [];
    if (beginning === undefined) return undefined;
    // Where no login can be held back, documents of others are worth more.
    if (beginning.startsWith('<') && this.#elsewhere.needsBoth) return this.#scanXml();
    return LOOKS_LIKE_JSON.test(beginning) || /^[/)]$/.test(beginning) ? this.#scanJson() : 'none';
  }

  #scanJson(): JsonScan {
    const reading = this.#reading('json', this.#kind === 'other' || this.#kind === 'xml');
    const { usernames, passwords } = this.#namesFor(reading);
    return new JsonScan(
      (key) => this.#take(reading, key, fieldOfJson),
      (text) => {
        reading.username ||= usernames.isKeyIn(text);
        reading.password ||= passwords.isKeyIn(text);
      },
    );
  }

  #scanXml(): XmlScan {
    const reading = this.#reading('xml', true);
    const { usernames, passwords } = this.#namesFor(reading);
    return new XmlScan((text) => {
      reading.username ||= usernames.isTagIn(text);
      reading.password ||= passwords.isTagIn(text);
    });
  }

  #namesFor({ isGuess }: Reading): WantedNames['long'] {
    return isGuess ? this.#names.long : this.#names;
  }

  #reading(as: ReadAs, isGuess: boolean): Reading {
    const reading = { as, isGuess, username: false, password: false };
    this.#readings.push(reading);
    return reading;
  }

  #take(reading: Reading, name: string, decode: Decode): void {
    const { usernames, passwords } = this.#namesFor(reading);
    reading.username ||= usernames.isIn(name, decode);
    reading.password ||= passwords.isIn(name, decode);
  }
}

const LINE_END = /[\r\n]/;

const fieldOfForm: Decode = (name) => fieldsNamed(nameOf(name), []);

const fieldOfJson: Decode = (key) => {
  const name = unescaped(key);
  return [{ name, path: [name], texts: [] }];
};

/** A key of JSON; lenient readers know more escapes. */
function unescaped(key: string): string {
  try {
    return JSON.parse(`"${Buffer.from(key, 'latin1').toString('utf8')}"`) as string;
  } catch {
    return key.replace(/\\(?:u\{([\da-f]{1,6})\}|u([\da-f]{4})|x([\da-f]{2})|([0-7]{3})|([\s\S]))/gi, lenient);
  }
}

const lenient = (_: string, point?: string, unit?: string, hex?: string, octal?: string, other = ''): string => {
  const digits = point ?? unit ?? hex;
  const code =
    digits !== undefined ? Number.parseInt(digits, 16) : octal === undefined ? undefined : Number.parseInt(octal, 8);
  return code === undefined || code > 0x10ffff ? other : String.fromCodePoint(code);
};
