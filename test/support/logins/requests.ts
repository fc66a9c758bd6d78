// Generated login requests: a user's fields in some encoding, with decoys of every kind.

import type { Random } from '../random.ts';
import {
  BOUNDARY,
  COMPRESSIONS,
  ENCODINGS,
  type Fields,
  FORM,
  formOf,
  inCharset,
  oddMultipartOf,
} from './encodings.ts';
import { CLEAN, DECOYS, LEAKED } from './users.ts';

export interface LoginRequest {
  /** With a leading `?`, or empty. */
  readonly query: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly body: Buffer<ArrayBuffer>;
}

/** The headers of its body. */
export const headersOf = ({ contentType, contentEncoding }: LoginRequest): Record<string, string> => ({
  'content-type': contentType,
  ...(contentEncoding && { 'content-encoding': contentEncoding }),
});

/** What a handler reads, so that most logins are ones it can understand. */
export interface LoginShape {
  /** Names of the username's field; empty if the fields are nested. */
  readonly usernames: readonly string[];
  readonly encodings?: readonly Draft['encoding'][];
}

/** A request before it is encoded. */
interface Draft {
  readonly body: Fields;
  readonly query: Fields;
  readonly encoding: keyof typeof ENCODINGS;
  /** Replaces the one of the encoding. */
  readonly contentType?: string;
}

const NAMES = ['username', 'email', 'password'] as const;
/** Names that look like a field's to someone: the fields', those of paths, and others. */
const DECOY_NAMES = [
  NAMES,
  NAMES,
  ['user', 'user.email', 'user.password', 'user[email]', 'user[password]'],
  [
    'password[]',
    'username[]',
    'Username',
    'PASSWORD',
    'password\0',
    ' password',
    '\ufeffpassword',
    'constructor',
    'toString',
    'pass',
    '__proto__',
  ],
] as const;
const decoyName = (random: Random): string => random.pick<string>(random.pick<readonly string[]>(DECOY_NAMES));
const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/problem+json',
  'text/plain',
  'text/html; charset=iso-8859-1',
  FORM,
  `${FORM}; charset=utf-8`,
  `multipart/form-data; boundary=${BOUNDARY}`,
  'multipart/form-data',
  `multipart/form-data;boundary="${BOUNDARY}"`,
  `multipart/form-data; boundary = ${BOUNDARY}`,
  `multipart/form-data; boundary=${BOUNDARY}, application/json`,
  `multipart/form-data; boundary=other; boundary=${BOUNDARY}`,
  `multipart/mixed; boundary=${BOUNDARY}`,
  'application/json, text/plain',
  'application/json; charset=utf-16le',
  `${FORM}; charset=utf-7`,
  'application/octet-stream',
  '',
] as const;

type Change = (draft: Draft, random: Random) => Draft;

const insert = (fields: Fields, field: Fields[number], random: Random): Fields => {
  const at = random.below(fields.length + 1);
  return [...fields.slice(0, at), field, ...fields.slice(at)];
};

function decoyValue(random: Random): unknown {
  const text = random.pick(DECOYS);
  return random.pick<() => unknown>([
    () => text,
    () => text,
    () => text,
    () => text,
    () => [],
    () => [text],
    () => [text, random.pick(DECOYS)],
    () => ({}),
    () => ({ email: text, password: text }),
    () => ({ [random.pick(NAMES)]: random.pick([...LEAKED, ...CLEAN]).password }),
    () => random.below(1e9),
    () => null,
    () => true,
  ])();
}

const isField = ([name]: Fields[number]): boolean => (NAMES as readonly string[]).includes(name);

/** Changes the value of one of the login's own fields. */
const mapField =
  (change: (value: unknown, random: Random) => unknown): Change =>
  (draft, random) => {
    const at = random.below(draft.body.length);
    const body = draft.body.map((field, i) =>
      i === at && isField(field) ? ([field[0], change(field[1], random)] as const) : field,
    );
    return { ...draft, body };
  };

const asNumber = (value: unknown): unknown => {
  const text = String(value);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return ['true', 'false'].includes(text) ? text === 'true' : value;
};

const CHANGES: readonly Change[] = [
  (draft, random) => ({
    ...draft,
    body: insert(draft.body, [decoyName(random), decoyValue(random)], random),
  }),
  (draft, random) => ({
    ...draft,
    query: insert(draft.query, [decoyName(random), decoyValue(random)], random),
  }),
  // A copy that a handler inherits from.
  (draft, random) => {
    const moved = random.below(draft.body.length);
    const field = draft.body[moved] ?? ['password', 'x'];
    const rest = draft.body.filter((_, i) => i !== moved);
    return { ...draft, body: insert(rest, ['__proto__', Object.fromEntries([field])], random) };
  },
  // Beside the body, or in its place.
  (draft, random) => {
    const moved = random.below(draft.body.length);
    const field = draft.body[moved] ?? ['password', 'x'];
    const body = random.below(2) === 0 ? draft.body : draft.body.filter((_, i) => i !== moved);
    return { ...draft, body, query: insert(draft.query, field, random) };
  },
  // Doubled, with another value first or last.
  (draft, random) => {
    const [name] = draft.body[random.below(draft.body.length)] ?? ['password'];
    return { ...draft, body: insert(draft.body, [name, random.pick(DECOYS)], random) };
  },
  mapField((value) => [value]),
  mapField((value, random) => [random.pick(DECOYS), value]),
  mapField((value, random) => [value, random.pick(DECOYS)]),
  mapField(asNumber),
  mapField((value, random) => `${value}\0${random.pick(['', String(value), 'x', '\0'])}`),
  mapField((value) => ` ${value} `),
  // Full-width letters and digits, which NFKC makes ASCII again.
  mapField((value) => String(value).replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0))),
  mapField((value) => String(value).toUpperCase()),
  (draft, random) => ({ ...draft, contentType: random.pick(CONTENT_TYPES) }),
  (draft, random) => ({ ...draft, encoding: random.pick(['json', 'form', 'multipart']) }),
];

/** Which some readers of a text drop, and behind which others still read pairs. */
const PREFIXES = [
  ' ',
  '\n',
  '\ufeff',
  '\ufeff\ufeff',
  '\ufeff\ufeff\ufeff',
  '\u00a0',
  '\v',
  '\u2028',
  '\ufeff\u00a0',
  'x=&',
  '/* a comment */',
] as const;
const SUFFIXES = [' ', '\r\n', '\ufeff', '\u00a0', '\0', '}', ';', '\n{"password":"x"}', '// a comment', '--'] as const;
/** Longer than the adapters of fetch read. */
const LONG = 70_000;

/** Of a request that fits no handler in particular. */
const ANY_SHAPE: LoginShape = { usernames: [...Array(4).fill(['username', 'email']).flat(), ''] };
const ANY_ENCODING = ['json', 'json', 'form', 'multipart'] as const;

/** Draws a request of a user, mostly one that a handler of `shape` can read. */
export function drawLogin(random: Random, shape: LoginShape): LoginRequest {
  const { username, password } = random.pick(random.below(4) === 0 ? CLEAN : LEAKED);
  const { usernames, encodings = ANY_ENCODING } = random.below(6) === 0 ? ANY_SHAPE : shape;
  const name = usernames.length === 0 ? '' : random.pick(usernames);
  const flat: Fields = [
    [name, username],
    ['password', password],
  ];
  const nested: Fields = [['user', { email: username, password }]];
  let draft: Draft = { body: name === '' ? nested : flat, query: [], encoding: random.pick(encodings) };
  for (let left = random.below(5); left > 0; left--) draft = random.pick(CHANGES)(draft, random);
  return encode(draft, random);
}

/** The pairs of a decoy, in a text of another form. */
const decoyPairs = (random: Random): string =>
  `&username=${random.pick(DECOYS)}&password=${random.pick(DECOYS)}&email=${random.pick(DECOYS)}&`;

function encode({ body, query, encoding, contentType }: Draft, random: Random): LoginRequest {
  const oneIn = (n: number): boolean => random.below(n) === 0;
  const { type, encode: encodeFields } = ENCODINGS[encoding];
  const fields = oneIn(8) ? insert(body, ['x', decoyPairs(random)], random) : body;
  let text = encoding === 'multipart' && oneIn(2) ? oddMultipartOf(fields, random) : encodeFields(fields);
  if (oneIn(20)) text = decoyPairs(random) + text;
  if (oneIn(8)) text = random.pick(PREFIXES) + text;
  if (oneIn(16)) text += random.pick(SUFFIXES);
  if (oneIn(200)) text = oneIn(2) ? text.padEnd(LONG, ' ') : encodeFields([...body, ['padding', 'x'.repeat(LONG)]]);
  const sentType = contentType ?? type;
  const bytes = inCharset(text, sentType);
  const compression = oneIn(30) ? random.pick(COMPRESSIONS) : undefined;
  return {
    query: query.length === 0 ? '' : `?${formOf(query)}`,
    contentType: sentType,
    ...(compression && { contentEncoding: compression.name }),
    body: compression ? compression.compress(bytes) : bytes,
  };
}
