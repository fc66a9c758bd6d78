// Generated logins: a leaked pair hidden behind a decoy, in the ways in which servers read requests
// differently.

import zlib from 'node:zlib';
import type { Random } from '../../../random.ts';
import type { LoginSent, Names, Pair } from './origins.ts';

export interface GeneratedLogin {
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

const SAME = (name: string): string => name;
/** Other names that some server takes for the name. */
const SPELLINGS: readonly ((name: string, random: Random) => string)[] = [
  ...Array<typeof SAME>(45).fill(SAME),
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
  ...Array<typeof escaped>(30).fill(escaped),
  (value) => everyByte(Buffer.from(value)),
  (value) => everyByte(Buffer.from(value, 'latin1')),
  (value) => value.replaceAll('&', '%26'),
  (value) => `${escaped(value)}+`,
  (value) => `%09${escaped(value)}%0a`,
  (value) => `${escaped(value)}%00`,
  (value) => [...value].map((letter) => `%u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
];
const NAMES: readonly ((name: string) => string)[] = [
  ...Array<typeof escaped>(30).fill(escaped),
  SAME,
  (name) => name.replace(/[a-z]/, (letter) => everyByte(Buffer.from(letter))),
  (name) => name.replace(/[a-z]/, (letter) => `%u00${letter.charCodeAt(0).toString(16)}`),
  (name) => name.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
];

const nameOf = ([first = '', ...rest]: readonly string[]): string => first + rest.map((name) => `[${name}]`).join('');

/** The fields of a pair, under one of their names each. */
function fieldsOf({ username, password }: Pair, [user, pass]: Names, random: Random): Field[] {
  const named = (path: readonly string[]) => random.pick(SPELLINGS)(nameOf(path), random);
  return [
    [named(user), username],
    [named(pass), password],
  ];
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}

function formOf(fields: readonly Field[], random: Random): Buffer {
  const pairs = fields.map(([name, value]) => `${random.pick(NAMES)(name)}=${random.pick(VALUES)(value)}`);
  const text = pairs.join(random.pick(['&', '&', '&', '&', '&', '&', '&', '&', '&&', random.pick(['&', ';', '&x;'])]));
  return Buffer.from(text, random.below(16) === 0 ? 'latin1' : 'utf8');
}

/** Members in the order of fields, where names with brackets are objects or not. */
function jsonOf(fields: readonly Field[], random: Random): Buffer {
  const key = (name: string): string =>
    random.below(4) === 0
      ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${JSON.stringify(name.slice(1)).slice(1)}`
      : JSON.stringify(name);
  const value = (text: string): string => {
    const plain = JSON.stringify(text);
    return random.pick([
      plain,
      plain,
      plain,
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
  const text = random.pick([
    json,
    json,
    json,
    `\ufeff${json}`,
    ` ${json}`,
    `${json}{}`,
    `{}${json}`,
    `[${json}]`,
    `${json.slice(0, -1)},}`,
  ]);
  return Buffer.from(text, random.below(16) === 0 ? 'utf16le' : 'utf8');
}

function multipartOf(fields: readonly Field[], random: Random): Buffer {
  const end = random.pick([...Array(9).fill('\r\n'), '\n']);
  const parts = fields.map(([name, value]) => {
    const disposition = random.pick([
      `; name="${name}"`,
      `; name="${name}"`,
      `; name="${name}"`,
      `; name=${name}`,
      `; name*=utf-8''${name}`,
      `; name="x"; name="${name}"`,
      `; name="${name}"; filename="a"`,
    ]);
    return `--${BOUNDARY}${end}Content-Disposition: form-data${disposition}${end}${end}${value}${end}`;
  });
  const tail = random.pick([...Array(9).fill(`--${BOUNDARY}--\r\n`), `--${BOUNDARY}--`, '', `--${BOUNDARY}--\r\nx`]);
  return Buffer.from(random.pick([...Array(9).fill(''), 'a\r\n', '\r\n']) + parts.join('') + tail);
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

export function generateLogin(names: Names, random: Random): GeneratedLogin {
  const leaked = random.pick(LEAKED);
  const rarely = (share: number): boolean => random.below(share) === 0;
  const own = fieldsOf(leaked, names, random);
  const decoys = rarely(2) ? [] : fieldsOf(rarely(3) ? { ...leaked, password: DECOY.password } : DECOY, names, random);
  const inQuery = rarely(6) ? own.splice(random.below(2), random.below(2) + 1) : [];
  const inCookie = rarely(10) ? own.splice(random.below(2), 1) : [];
  const padding: Field[] = rarely(60)
    ? Array.from({ length: random.pick([490, 1_010]) }, (_, i) => [`a${i}`, ''])
    : rarely(4)
      ? [['remember', '1']]
      : [];
  const fields = shuffled([...own, ...decoys, ...(rarely(20) ? [...own] : [])], random);
  const all = rarely(2) ? [...padding, ...fields] : [...fields, ...padding];
  const way = random.below(6);
  const encode = way < 3 ? formOf : way < 5 ? jsonOf : multipartOf;
  const usual = TYPES[way < 3 ? 0 : way < 5 ? 1 : 2];
  const plain = encode(all, random);
  const [codings, code] = rarely(6) ? random.pick(CODINGS) : ([[], (body: Buffer) => body] as const);
  const query =
    rarely(3) && inQuery.length === 0
      ? 'redirect=%2F&x=1'
      : formOf(inQuery, random)
          .toString('latin1')
          .replace(/[^!-~]/g, '');
  return {
    leaked,
    codings,
    sent: {
      query,
      type: rarely(10) ? random.pick(TYPES) : usual,
      coding: codings.length === 1 ? codings[0] : codings.length === 0 ? undefined : codings.join(','),
      cookie: inCookie.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('; '),
      body: code(plain, encode(decoys, random)),
    },
  };
}
