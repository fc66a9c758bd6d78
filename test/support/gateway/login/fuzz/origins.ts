// Applications that read a login in the ways of PHP, Express, servlets, ASP.NET and Go: each with
// readers of its own, as lenient as theirs.

import vm from 'node:vm';
import zlib from 'node:zlib';
import qs from 'qs';
import { readLenientMultipart } from '../../../logins/lenient-multipart.ts';
import { type Pairs, rawPairs, urlDecoded } from './pairs.ts';
import { phpPairs, phpValue } from './php.ts';

export interface LoginSent {
  /** Without `?`. */
  readonly query: string;
  readonly type: string | undefined;
  readonly coding: string | undefined;
  readonly cookie: string;
  readonly body: Buffer;
}

export interface Pair {
  readonly username: string;
  readonly password: string;
}

/** A path of members, as a handler names it. */
export type Names = readonly [username: readonly string[], password: readonly string[]];

/** Each pair that one of its handlers logs in with. */
export type Origin = (sent: LoginSent, names: Names) => readonly Pair[];

const isForm = (type = ''): boolean => /^\s*application\/x-www-form-urlencoded\s*(?:;|,|$)/i.test(type);
const isMultipart = (type = ''): boolean => /^\s*multipart\/form-data/i.test(type);
const isJson = (type = ''): boolean => /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type);
const charsetOf = (type = ''): string => /charset\s*=\s*"?([^";\s]+)/i.exec(type)?.[1]?.toLowerCase() ?? 'utf-8';

/** Handlers trim, or do not. */
function pairsOf(username: unknown, password: unknown): Pair[] {
  if (typeof username !== 'string' || typeof password !== 'string') return [];
  return [
    { username, password },
    { username: username.trim(), password: password.trim() },
  ];
}

const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

function multipartPairs(type: string, body: Buffer): Pairs {
  try {
    const fields = readLenientMultipart(type, body);
    return Object.entries(fields).map(([name, value]) => [name, value].map(bytesOf) as [string, string]);
  } catch {
    return [];
  }
}

const bytesOf = (value: string): string => Buffer.from(value, 'utf8').toString('latin1');

/**
 * Decompresses nothing. Handlers read $_POST, $_REQUEST with and without cookies, or php://input.
 */
export const php: Origin = ({ query, type, cookie, body }, [username, password]) => {
  const raw = body.toString('latin1');
  const post = isForm(type) ? rawPairs(raw).slice(0, 1_000) : isMultipart(type) ? multipartPairs(type ?? '', body) : [];
  const get = rawPairs(query);
  const cookies = cookie.split(/;\s*/).map((pair) => rawPairs(pair)[0] ?? ['', '']) as Pairs;
  const decoded = isMultipart(type) ? post : post.map(urlDecoded);
  const sources: Pairs[] = [
    decoded,
    [...get.map(urlDecoded), ...decoded],
    [...get.map(urlDecoded), ...decoded, ...cookies.map(urlDecoded)],
  ];
  const ofForms = sources.flatMap((pairs) => {
    const root = phpPairs(pairs);
    const [user, pass] = [phpValue(root, username), phpValue(root, password)];
    return pairsOf(user && text(user), pass && text(pass));
  });
  return [...ofForms, ...ofObject(parsed(raw), [username, password])];
};

function parsed(raw: string): unknown {
  try {
    return JSON.parse(text(raw));
  } catch {
    return undefined;
  }
}

function at(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return value;
}

/** A list of one is a text to some handlers. */
const ofObject = (root: unknown, [username, password]: Names): Pair[] => {
  const [user, pass] = [at(root, username), at(root, password)];
  return [
    ...pairsOf(user, pass),
    ...pairsOf(Array.isArray(user) ? user[0] : user, Array.isArray(pass) ? pass[0] : pass),
    ...pairsOf(Array.isArray(user) ? user.at(-1) : user, Array.isArray(pass) ? pass.at(-1) : pass),
  ];
};

function inflated(body: Buffer, coding: string | undefined): Buffer | undefined {
  try {
    switch (coding?.toLowerCase() ?? 'identity') {
      case 'identity':
        return body;
      case 'gzip':
        return zlib.gunzipSync(body);
      case 'deflate':
        return zlib.inflateSync(body);
      case 'br':
        return zlib.brotliDecompressSync(body);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

/** Decompresses. Handlers have parsers of JSON and of forms, whose objects they copy or merge. */
export const express: Origin = ({ type, coding, body }, names) => {
  const bytes = inflated(body, coding);
  if (!bytes) return [];
  const found: Pair[] = [];
  const read = (root: unknown): void => {
    if (typeof root === 'object' && root !== null)
      found.push(...ofObject(root, names), ...ofObject({ ...root }, names));
    // As Object.assign does it, which sets the prototype.
    if (typeof root === 'object' && root !== null) found.push(...ofObject(Object.assign({}, root), names));
  };
  const charset = charsetOf(type);
  if (isJson(type)) read(jsonIn(bytes, charset));
  if (isForm(type) && /^(?:utf-?8|iso-8859-1)$/.test(charset)) {
    const form = bytes.toString('utf8');
    const options = { charset: charset === 'iso-8859-1' ? 'iso-8859-1' : 'utf-8' } as const;
    read(qs.parse(form, { ...options, depth: 32, parameterLimit: 1_000 }));
    read(qs.parse(form, { ...options, allowDots: true, allowPrototypes: true }));
    found.push(...ofObject(qs.parse(form, { depth: 0 }), names));
  }
  if (isMultipart(type))
    read(
      qs.parse(
        multipartPairs(type ?? '', bytes)
          .map(([name, value]) => `${encodeURIComponent(text(name))}=${encodeURIComponent(text(value))}`)
          .join('&'),
      ),
    );
  return found;
};

function jsonIn(bytes: Buffer, charset: string): unknown {
  if (!/^utf-(?:8|16le)$/.test(charset)) return undefined;
  try {
    return JSON.parse(new TextDecoder(charset).decode(bytes));
  } catch {
    return undefined;
  }
}

/** The first value, of the query before the body; ISO-8859-1 or UTF-8 by its settings. */
export const servlet: Origin = ({ query, type, body }, [username, password]) => {
  if (!isForm(type)) return [];
  const form = rawPairs(body.toString('latin1'));
  const labels = [...new Set([charsetOf(type), 'iso-8859-1', 'utf-8'])];
  return labels.flatMap((label) => {
    const decode = decoderOf(label);
    if (!decode) return [];
    const pairs = [...rawPairs(query), ...form].flatMap((pair) => {
      if (/%(?![\da-f]{2})/i.test(pair.join(''))) return [];
      const [name, value] = urlDecoded(pair);
      return [[decode(name), decode(value)] as const];
    });
    const first = (path: readonly string[]) => pairs.find(([name]) => name === nameOf(path))?.[1];
    return pairsOf(first(username), first(password));
  });
};

function decoderOf(label: string): ((bytes: string) => string) | undefined {
  if (label === 'iso-8859-1') return (bytes) => bytes;
  try {
    const decoder = new TextDecoder(label);
    return (bytes) => decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

const nameOf = ([first = '', ...rest]: readonly string[]): string => first + rest.map((name) => `[${name}]`).join('');

/**
 * Whatever the case; joined by commas, or the first; `%uHHHH`; by the name of a model before it.
 */
export const aspNet: Origin = ({ query, type, cookie, body }, [username, password]) => {
  const raw = body.toString('latin1');
  const form = isForm(type) ? rawPairs(raw).map(unicode) : isMultipart(type) ? multipartPairs(type ?? '', body) : [];
  const decoded = (pairs: Pairs) => pairs.map((pair) => urlDecoded(pair).map(text) as [string, string]);
  const ofForm = decoded(form);
  const request = [
    ...decoded(rawPairs(query).map(unicode)),
    ...ofForm,
    ...decoded(cookie.split(/;\s*/).flatMap(rawPairs)),
  ];
  const values = (pairs: Pairs, path: readonly string[]): readonly string[] => {
    const wanted = nameOf(path).toLowerCase();
    return pairs.filter(([name]) => [wanted, `model.${wanted}`].includes(name.toLowerCase())).map(([, value]) => value);
  };
  return [ofForm, request].flatMap((pairs) => {
    const [users, passes] = [values(pairs, username), values(pairs, password)];
    return [
      ...pairsOf(users.join(','), passes.join(',')),
      ...pairsOf(users[0], passes[0]),
      ...pairsOf(users.at(-1), passes.at(-1)),
    ];
  });
};

const unicode = ([name, value]: readonly [string, string]): [string, string] =>
  [name, value].map((part) =>
    part.replace(/%u([\da-f]{4})/gi, (_, code: string) => bytesOf(String.fromCharCode(parseInt(code, 16)))),
  ) as [string, string];

/** The body before the query; names of JSON in any case, and the first value of a stream. */
export const go: Origin = ({ query, type, body }, names) => {
  const [username, password] = names;
  const raw = body.toString('latin1');
  const isPair = (pair: readonly [string, string]) => !/;|%(?![\da-f]{2})/i.test(pair.join('='));
  const form = isForm(type) ? rawPairs(raw) : [];
  const pairs = [...form, ...rawPairs(query)].filter(isPair).map((pair) => urlDecoded(pair).map(text));
  const first = (path: readonly string[]) => pairs.find(([name]) => name === nameOf(path))?.[1];
  return [...pairsOf(first(username), first(password)), ...ofObject(folded(firstJson(raw)), names)];
};

/** Whatever stands behind the first value. */
function firstJson(raw: string): unknown {
  const whole = parsed(raw);
  if (whole !== undefined || !/^\s*\{/.test(raw)) return whole;
  for (let end = raw.indexOf('}'), tries = 0; end >= 0 && tries < 8; end = raw.indexOf('}', end + 1), tries++) {
    const value = parsed(raw.slice(0, end + 1));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Members in lower case, the last one of several; Go folds ſ to s, and K to k. */
function folded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name.toLowerCase().replaceAll('ſ', 's').replaceAll('\u212a', 'k'),
      folded(one),
    ]),
  );
}

/** Takes the body for a form or JSON whatever its type, as handlers do that read it themselves. */
export const raw: Origin = ({ query, coding, body }, names) => {
  const [username, password] = names;
  return [body, inflated(body, coding) ?? body].flatMap((bytes) => {
    const form = rawPairs(bytes.toString('latin1')).map(urlDecoded);
    const both = [form, [...rawPairs(query).map(urlDecoded), ...form]].flatMap((pairs) => {
      const root = phpPairs(pairs);
      const [user, pass] = [phpValue(root, username), phpValue(root, password)];
      return pairsOf(user && text(user), pass && text(pass));
    });
    return [...both, ...ofObject(lenientJson(bytes), names)];
  });
};

/** With comments, single quotes, names without quotes and commas at the end. */
function lenientJson(bytes: Buffer): unknown {
  const plain = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (!/^\s*[{/]/.test(plain)) return undefined;
  try {
    return JSON.parse(plain);
  } catch {
    // Objects of JavaScript are what such readers take.
  }
  try {
    return { ...vm.runInNewContext(`(${plain.replace(/^(?:\s|\/\/.*\n)*/, '')})`, {}, { timeout: 1_000 }) };
  } catch {
    return undefined;
  }
}

export const ORIGINS: { readonly [name: string]: Origin } = { php, express, servlet, aspNet, go, raw };
