// How handlers read a login: from a parsed body and query, in the ways that are common.

/** A username and a password, as the handler compares them. */
export type Read = readonly [username: unknown, password: unknown];
/** @param body parsed, or undefined. A reader may throw, as a handler may. */
export type Reader = (body: Body, query: Body) => Read;

// biome-ignore lint/suspicious/noExplicitAny: handlers read bodies without knowing their type.
type Body = any;

const last = (value: unknown): unknown => (Array.isArray(value) ? value.at(-1) : value);
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

/** By name. The guard has the fields `username`, `email` and `password`. */
export const READERS: { readonly [name: string]: Reader } = {
  username: (body) => [body.username, body.password],
  email: (body) => [body.email, body.password],
  'username or email': ({ username, email, password }) => [username ?? email, password],
  'email or username': (body) => [body.email || body.username, body.password],
  'as text': (body) => [String(body.username), String(body.password)],
  'as text of a template': (body) => [`${body.email}`, `${body.password}`],
  'trimmed texts': ({ username, email, password }) => [(username ?? email).trim(), password.trim()],
  'the last value': (body) => [last(body.username), last(body.password)],
  'the first value': (body) => [first(body.email), first(body.password)],
  'a copy by assign': (body) => {
    const copy: Body = Object.assign({}, body);
    return [copy.username, copy.password];
  },
  'a copy by spread': (body) => {
    const copy: Body = { ...body };
    return [copy.email, copy.password];
  },
  'query over body': (body, query) => {
    const all: Body = { ...body, ...query };
    return [all.username, all.password];
  },
  'body over query': (body, query) => {
    const all: Body = Object.assign({}, query, body);
    return [all.email ?? all.username, all.password];
  },
  'body or query': (body, query) => [body?.username ?? query.username, body?.password ?? query.password],
};

/** The guard has the paths `['user', 'email']` and `['user', 'password']`. */
export const NESTED_READERS: { readonly [name: string]: Reader } = {
  path: (body) => [body.user.email, body.user.password],
  'a path with defaults': ({ user: { email = '', password = '' } = {} }) => [email, password],
  'a path in a copy': (body) => {
    const user: Body = Object.assign({}, body.user);
    return [user.email, user.password];
  },
};

/** The paths of the guard for `NESTED_READERS`. */
export const NESTED_FIELDS = { username: ['user', 'email'], password: ['user', 'password'] } as const;
