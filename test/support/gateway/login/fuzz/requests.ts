// Generated logins: a leaked pair hidden behind a decoy, in the ways in which servers read requests
// differently.

import zlib from 'node:zlib';
import type { Random } from '../../../random.ts';
import type { LoginSent, Names, Pair } from './origins.ts';

export interface GeneratedLogin {
  readonly method: string;
  readonly sent: LoginSent;
  /** More of a header than one. */
  readonly codings: readonly string[];
  readonly leaked: Pair;
}

const LEAKED: readonly Pair[] = [
  { username: 'bob', password: 'hunter2' },
  { username: 'eve@example.com', password: 'correct horse' },
  { username: 'zoë', password: 'café' },
  { username: 'ann', password: '50%E9' },
  { username: 'tim', password: '123456' },
  { username: 'kim', password: 'a,b' },
  { username: 'max', password: 'caf\u00c3\u00a9' },
];
const DECOY: Pair = { username: 'nobody', password: 'qZ8!w' };
const FORM = 'application/x-www-form-urlencoded';
const BOUNDARY = 'x--x';

type Field = readonly [name: string, value: string];

/** Some requests have a few oddities, some many, and some none. */
interface Odds extends Random {
  odd<T>(usual: T, others: readonly T[]): T;
}

function oddsOf(random: Random): Odds {
  const share = random.pick([3, 20, 20, 1_000, 1_000]);
  return { ...random, odd: (usual, others) => (random.below(share) === 0 ? random.pick(others) : usual) };
}

const SAME = (name: string): string => name;
/** Other names that some server takes for the name. */
const SPELLINGS: readonly ((name: string, random: Odds) => string)[] = [
  (name) => ` ${name}`,
  (name) => name.toUpperCase(),
  (name) => (name[0] ?? '').toUpperCase() + name.slice(1),
  (name) => `${name}[]`,
  (name) => `${name}[0]`,
  (name) => `${name}[x]`,
  (name) => `${name}[`,
  (name) => `${name}]`,
  (name) => `[${name}]`,
  (name) => `${name}\0`,
  (name) => `${name}\0x`,
  (name) => `model.${name}`,
  (name) => `x[${name}]`,
  (name) => `__proto__[${name}]`,
  (name) => `__proto__.${name}`,
  (name) => `constructor[prototype][${name}]`,
  (name) => name.replace(/s/, 'ſ').replace(/k/, '\u212a'),
  (name) => name.replace(/\]$/, ']x'),
  (name) => name.replaceAll('[', '.').replaceAll(']', ''),
  (name) => name.replace(/(?<=.)[sw]/, (letter) => `${letter}\u200b`),
  (name) => `${name} `,
  (name) => `.${name}`,
  (name) => `_${name}`,
  (name) => `!${name}`,
];

const escaped = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');
const everyByte = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const VALUES: readonly ((value: string) => string)[] = [
  (value) => everyByte(Buffer.from(value)),
  (value) => everyByte(Buffer.from(value, 'latin1')),
  (value) => value.replaceAll('&', '%26'),
  (value) => `${escaped(value)}+`,
  (value) => `%09${escaped(value)}%0a`,
  (value) => `${escaped(value)}%00`,
  (value) => [...value].map((letter) => `%u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
];
const NAMES: readonly ((name: string) => string)[] = [
  SAME,
  (name) => name.replace(/[a-z]/, (letter) => everyByte(Buffer.from(letter))),
  (name) => name.replace(/[a-z]/, (letter) => `%u00${letter.charCodeAt(0).toString(16)}`),
  (name) => name.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
];

const nameOf = ([first = '', ...rest]: readonly string[]): string => first + rest.map((name) => `[${name}]`).join('');

/** The fields of a pair, under one of their names each. */
function fieldsOf({ username, password }: Pair, [user, pass]: Names, random: Odds): Field[] {
  const named = (path: readonly string[]) => random.odd(SAME, SPELLINGS)(nameOf(path), random);
  return [
    [named(user), username],
    [named(pass), password],
  ];
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}

function formOf(fields: readonly Field[], random: Odds): Buffer {
  const pairs = fields.map(
    ([name, value]) => `${random.odd(escaped, NAMES)(name)}=${random.odd(escaped, VALUES)(value)}`,
  );
  return Buffer.from(pairs.join(random.odd('&', ['&&', ';', '&x;', '&\n'])), random.odd('utf8', ['latin1']));
}

/** Members in the order of fields, where names with brackets are objects or not. */
function jsonOf(fields: readonly Field[], random: Odds): Buffer {
  const key = (name: string): string =>
    random.below(4) === 0
      ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`
      : JSON.stringify(name);
  const value = (text: string): string => {
    const plain = JSON.stringify(text);
    return random.odd(plain, [
      `[${plain}]`,
      `[${plain},"x"]`,
      `{"a":${plain}}`,
      /^\d+$/.test(text) ? text : plain,
      'null',
    ]);
  };
  const member = ([name, text]: Field): string => {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    return outer !== undefined && inner !== undefined
      ? `${key(outer)}:{${key(inner)}:${value(text)}}`
      : `${key(name)}:${value(text)}`;
  };
  const members = fields.map(member);
  const nested = members.every((text) => text.startsWith('"user":{'))
    ? `"user":{${members.map((text) => text.slice('"user":{'.length, -1)).join(',')}}`
    : members.join(',');
  const json = `{${random.pick([nested, nested, members.join(',')])}}`;
  const text = random.odd(json, [
    `\ufeff${json}`,
    ` ${json}`,
    `${json}{}`,
    `{}${json}`,
    `[${json}]`,
    `${json.slice(0, -1)},}`,
    json.replace('{', '{/* " */'),
    `// {\n${json}`,
    json.replaceAll(':', '/**/:'),
    json.replaceAll('"', "'"),
    json.replace(/"(\w+)":/g, '$1:'),
    json.replace(
      /"([a-z])(\w+)":/g,
      (_, first: string, rest: string) => `'\\x${first.charCodeAt(0).toString(16)}${rest}':`,
    ),
    `{"a":"&${formOf(fields, random).toString('latin1')}&"}`,
  ]);
  return Buffer.from(text, random.odd('utf8', ['utf16le']));
}

function multipartOf(fields: readonly Field[], random: Odds): Buffer {
  const end = random.odd('\r\n', ['\n']);
  const parts = fields.map(([name, value]) => {
    const disposition = random.odd(`; name="${name}"`, [
      `; name=${name}`,
      `; name='${name}'`,
      `;name = "${name}"`,
      `; name="${name.replace('s', '\\s')}"`,
      `; name*=utf-8''${name}`,
      `; name="x"; name="${name}"`,
      `; name="${name}"; filename="a"`,
    ]);
    return `--${BOUNDARY}${end}Content-Disposition: form-data${disposition}${end}${end}${value}${end}`;
  });
  const tail = random.odd(`--${BOUNDARY}--\r\n`, [`--${BOUNDARY}--`, '', `--${BOUNDARY}--\r\nx`]);
  return Buffer.from(random.odd('', ['a\r\n', '\r\n']) + parts.join('') + tail);
}

const TYPES: readonly (string | undefined)[] = [
  FORM,
  'application/json',
  `multipart/form-data; boundary=${BOUNDARY}`,
  undefined,
  'text/plain',
  `${FORM}; charset=utf-8`,
  `${FORM}; charset=iso-8859-1`,
  `${FORM}; charset=utf-16le`,
  `${FORM}; charset=shift_jis`,
  `${FORM}, application/json`,
  'application/json; charset=utf-16le',
  'application/vnd.api+json',
  FORM.toUpperCase(),
  'text/xml',
  'application/octet-stream',
  'application/json5',
  'multipart/form-data',
  '',
  ` ${FORM} ;x=y`,
];

const STORED = { level: 0 } as const;
/** A file name in the head of gzip, which stands in clear before the data. */
const named = (clear: Buffer, inner: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([31, 139, 8, 8, 0, 0, 0, 0, 0, 0]),
    Buffer.from('&'),
    clear,
    Buffer.from('&\0'),
    zlib.gzipSync(inner).subarray(10),
  ]);

type Coded = readonly [codings: readonly string[], code: (body: Buffer, decoy: Buffer) => Buffer];
const CODINGS: readonly Coded[] = [
  [['gzip'], (body) => zlib.gzipSync(body)],
  [['gzip'], (body) => zlib.gzipSync(Buffer.concat([Buffer.from('&'), body, Buffer.from('&')]), STORED)],
  [['gzip'], named],
  [['gzip'], (body, decoy) => named(decoy, body)],
  [['gzip'], (body, decoy) => Buffer.concat([zlib.gzipSync(body), zlib.gzipSync(decoy)])],
  [['gzip'], (body) => body],
  [['gzip'], (body, decoy) => Buffer.concat([zlib.gzipSync(decoy), Buffer.from('&'), body])],
  [['deflate'], (body) => zlib.deflateSync(body)],
  [['deflate'], (body) => zlib.deflateSync(body, STORED)],
  [['deflate'], (body) => zlib.deflateRawSync(body, STORED)],
  [['br'], (body) => zlib.brotliCompressSync(body)],
  [['br'], (body, decoy) => Buffer.concat([zlib.brotliCompressSync(decoy), Buffer.from('&'), body])],
  [['zstd'], (body) => body],
  [['identity'], (body) => body],
  [['gzip', 'br'], (body) => zlib.gzipSync(body)],
];

export interface GenerateOptions {
  /** Fields tell the login: any method, query and size may bring it. */
  readonly isByFields: boolean;
}

export function generateLogin(names: Names, source: Random, { isByFields }: GenerateOptions): GeneratedLogin {
  const random = oddsOf(source);
  const leaked = random.pick(LEAKED);
  const rarely = (share: number): boolean => random.below(share) === 0;
  const own = fieldsOf(leaked, names, random);
  const decoy = rarely(3) ? { ...leaked, password: DECOY.password } : DECOY;
  const decoys = random.odd(false, [true]) ? fieldsOf(decoy, names, random) : [];
  const inQuery = random.odd(false, [true]) ? own.splice(random.below(2), random.below(2) + 1) : [];
  // A password in a cookie alone is no sign of a login.
  const inCookie = !isByFields && random.odd(false, [true]) ? own.splice(random.below(2), 1) : [];
  const padding = paddingOf(random, isByFields);
  const fields = shuffled([...own, ...decoys, ...(random.odd(false, [true]) ? own : [])], random);
  const all = padding.length > 2 || rarely(2) ? [...padding, ...fields] : [...fields, ...padding];
  const way = random.below(6);
  const encode = way < 3 ? formOf : way < 5 ? jsonOf : multipartOf;
  const usual = TYPES[way < 3 ? 0 : way < 5 ? 1 : 2];
  const plain = encode(all, random);
  const [codings, code] = random.odd<Coded>([[], (body) => body], CODINGS);
  const query =
    rarely(3) && inQuery.length === 0
      ? 'redirect=%2F&x=1'
      : formOf(inQuery, random)
          .toString('latin1')
          .replace(/[^!-~]/g, '');
  return {
    leaked,
    codings,
    method: isByFields ? random.odd('POST', ['PUT', 'PATCH', 'GET', 'DELETE']) : 'POST',
    sent: {
      query,
      type: random.odd(usual, TYPES),
      coding: codings.length === 1 ? codings[0] : codings.length === 0 ? undefined : codings.join(','),
      cookie: inCookie.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('; '),
      body: code(plain, encode(decoys, random)),
    },
  };
}

/** More than two of them stand first. */
function paddingOf(random: Odds, isByFields: boolean): Field[] {
  const many = () => Array.from({ length: random.pick([490, 1_010]) }, (_, i): Field => [`a${i}`, '']);
  const long = (): Field[] => ['a', 'b', 'c'].map((name) => [name, 'x'.repeat(30_000)]);
  const large = isByFields ? [many, long] : [many];
  return random.odd(() => random.pick([[], [], [['remember', '1'] as Field]]), large)();
}
