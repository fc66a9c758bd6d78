// Generated login requests: a user's fields in some encoding, with decoys of every kind.

import { Buffer } from 'node:buffer';
import type { Random } from '../random.ts';
import { CLEAN, DECOYS, LEAKED } from './users.ts';

export interface LoginRequest {
  /** With a leading `?`, or empty. */
  readonly query: string;
  readonly contentType: string;
  readonly body: Buffer<ArrayBuffer>;
}

/** Fields in order. Names may repeat. */
type Fields = readonly (readonly [name: string, value: unknown])[];

/** A request before it is encoded. */
interface Draft {
  readonly body: Fields;
  readonly query: Fields;
  readonly encoding: keyof typeof ENCODINGS;
  /** Replaces the one of the encoding. */
  readonly contentType?: string;
}

const FORM = 'application/x-www-form-urlencoded';
const BOUNDARY = 'x--x';
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
  'application/octet-stream',
  '',
] as const;

/** The strings of a field in a form; nested values in the notation of qs. */
function pairsOf(fields: Fields): [string, string][] {
  return fields.flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return value.flatMap((one) => pairsOf([[name, one]]));
    if (typeof value === 'object' && value !== null)
      return pairsOf(Object.entries(value).map(([inner, one]) => [`${name}[${inner}]`, one]));
    return [[name, String(value ?? '')]];
  });
}

/** JSON text in which names may repeat. */
const jsonOf = (fields: Fields): string =>
  `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`).join(',')}}`;

const formOf = (fields: Fields): string => new URLSearchParams(pairsOf(fields)).toString();

const multipartOf = (fields: Fields): string =>
  `${pairsOf(fields)
    .map(([name, value]) => {
      const quoted = name.replace(/["\r\n\0]/g, '_');
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${quoted}"\r\n\r\n${value}\r\n`;
    })
    .join('')}--${BOUNDARY}--\r\n`;

const ENCODINGS = {
  json: { type: 'application/json', encode: jsonOf },
  form: { type: FORM, encode: formOf },
  multipart: { type: `multipart/form-data; boundary=${BOUNDARY}`, encode: multipartOf },
} as const;

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

const PADDINGS = [' ', '\n', '\ufeff'] as const;
/** Longer than the adapters of fetch read. */
const LONG = 70_000;

/** Draws a request of a user, of whom a handler reads `form`'s fields. */
export function drawLogin(random: Random): LoginRequest {
  const { username, password } = random.pick(random.below(4) === 0 ? CLEAN : LEAKED);
  const flat: Fields = [
    [random.pick(['username', 'email']), username],
    ['password', password],
  ];
  const nested: Fields = [['user', { email: username, password }]];
  let draft: Draft = {
    body: random.below(5) === 0 ? nested : flat,
    query: [],
    encoding: random.pick(['json', 'json', 'form', 'multipart']),
  };
  for (let left = random.below(5); left > 0; left--) draft = random.pick(CHANGES)(draft, random);
  return encode(draft, random);
}

function encode({ body, query, encoding, contentType }: Draft, random: Random): LoginRequest {
  const { type, encode: encodeFields } = ENCODINGS[encoding];
  let text: string = encodeFields(body);
  if (random.below(20) === 0) text = random.pick(PADDINGS) + text;
  if (random.below(200) === 0)
    text = random.below(2) === 0 ? text.padEnd(LONG, ' ') : encodeFields([...body, ['padding', 'x'.repeat(LONG)]]);
  return {
    query: query.length === 0 ? '' : `?${formOf(query)}`,
    contentType: contentType ?? type,
    body: Buffer.from(text),
  };
}
