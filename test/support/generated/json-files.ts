// JSON: lines, arrays on one line or many, nested members, exports of programs.

import { type Draft, draftOf, emptyTruth, type Family, type Truth } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';

interface Item {
  readonly username: string;
  readonly password: string;
}

const FLAT: { readonly [dialect: string]: (item: Item, words: Vocabulary) => object } = {
  'email, password': ({ username, password }) => ({ email: username, password }),
  'username, password': ({ username, password }, words) => ({ id: words.number(1, 9999), username, password }),
  'login, pass': ({ username, password }, words) => ({ url: words.url(), login: username, pass: password }),
  HIBR: ({ username, password }, words) => ({
    URL: words.url(),
    Username: username,
    Password: password,
    Application: 'Chrome',
  }),
  'user_name, pwd': ({ username, password }) => ({ user_name: username, pwd: password, active: true }),
  German: ({ username, password }, words) => ({ Webseite: words.url(), Benutzername: username, Passwort: password }),
  Russian: ({ username, password }) => ({ логин: username, пароль: password }),
  escaped: ({ username, password }) => ({ email: username, password: `${password}\\"/é` }),
};

/** Takes what the object holds into the truth. */
function itemOf(words: Vocabulary, truth: Truth, dialect: string): Item {
  const item = { username: words.email(), password: words.password() };
  const password = dialect === 'escaped' ? `${item.password}\\"/é` : item.password;
  truth.holds.pairs.push({ username: item.username, password });
  return item;
}

const write = (words: Vocabulary, dialect: string, value: object): string => {
  const text = JSON.stringify(value);
  if (dialect !== 'escaped' || words.chance(50)) return text;
  // An escape for each character that is not ASCII, as Python writes them.
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
};

export const jsonLines: Family = {
  name: 'JSON lines',
  weight: 6,
  dialects: [...Object.keys(FLAT), 'arrays of values', 'both', 'numbers'],
  separators: ['-'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const records = Array.from({ length: size }, () => {
      if (dialect === 'arrays of values') return JSON.stringify(valuesOf(words, truth));
      if (dialect === 'both') return JSON.stringify(bothOf(words, truth));
      if (dialect === 'numbers') return numberLine(words, truth);
      const make = FLAT[dialect] as (item: Item, words: Vocabulary) => object;
      return write(words, dialect, make(itemOf(words, truth, dialect), words));
    });
    return draftOf(records, truth, { noise: ['blank'], extension: words.pick(['json', 'jsonl', 'txt', 'ndjson']) });
  },
};

/** DeHashed writes each member as an array. */
function valuesOf(words: Vocabulary, truth: Truth): object {
  const username = words.email();
  const passwords = words.chance(25) ? [words.password(), words.password()] : [words.password()];
  for (const password of passwords) truth.holds.pairs.push({ username, password });
  return { id: String(words.number(1, 99_999)), email: [username], password: passwords };
}

function bothOf(words: Vocabulary, truth: Truth): object {
  const password = words.password();
  const email = words.email();
  const username = words.chance(60) ? words.login() : '';
  truth.holds.pairs.push({ username: email, password });
  if (username !== '') truth.holds.pairs.push({ username, password });
  return { email, username, password };
}

/** Passwords that are numbers keep each of their digits. */
function numberLine(words: Vocabulary, truth: Truth): string {
  const username = words.email();
  const digits = words.chance(50)
    ? `${words.number(1, 9)}${words.number(10 ** 9, 9 * 10 ** 9)}${words.number(10 ** 9, 9 * 10 ** 9)}`
    : String(words.number(10_000, 99_999_999));
  truth.holds.pairs.push({ username, password: digits });
  return `{"email":${JSON.stringify(username)},"password":${digits}}`;
}

const ARRAYS = ['pretty', 'one line', 'line each', 'member'] as const;

export const jsonArrays: Family = {
  name: 'JSON arrays',
  weight: 5,
  dialects: ARRAYS.flatMap((layout) =>
    ['email, password', 'username, password', 'login, pass'].map((f) => `${layout}; ${f}`),
  ),
  separators: ['-'],
  make({ words, dialect, size }): Draft {
    const truth = emptyTruth();
    const [layout, fields] = dialect.split('; ') as [string, string];
    const make = FLAT[fields] as (item: Item, words: Vocabulary) => object;
    const items = Array.from({ length: size }, () => make(itemOf(words, truth, fields), words));
    const more = { noise: [], extension: 'json' } as const;
    if (layout === 'pretty') return draftOf(JSON.stringify(items, null, 2).split('\n'), truth, more);
    if (layout === 'one line') return draftOf([JSON.stringify(items)], truth, more);
    if (layout === 'member')
      return draftOf(JSON.stringify({ total: size, entries: items }, null, 1).split('\n'), truth, more);
    const records = items.map((item, at) => `${JSON.stringify(item)}${at + 1 < items.length ? ',' : ''}`);
    return draftOf(records, truth, { ...more, head: ['['], tail: [']'] });
  },
};

/** The dialect, and the members that an operator names. */
const NESTED: { readonly [dialect: string]: readonly [(item: Item, words: Vocabulary) => object, string] } = {
  Elasticsearch: [
    ({ username, password }, words) => ({
      _index: 'leak',
      _id: String(words.number(1, 99_999)),
      _source: { email: username, password },
    }),
    'username=_source.email,password=_source.password',
  ],
  MongoDB: [
    ({ username, password }, words) => ({ _id: { $oid: words.hex(24) }, profile: { email: username }, password }),
    'username=profile.email,password=password',
  ],
  account: [
    ({ username, password }) => ({ site: { name: 'x' }, account: { login: username, secret: { password } } }),
    'username=account.login,password=account.secret.password',
  ],
};

export const nestedJson: Family = {
  name: 'nested JSON',
  weight: 3,
  dialects: Object.keys(NESTED),
  separators: ['-'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const [make, columns] = NESTED[dialect] as (typeof NESTED)[string];
    const records = Array.from({ length: size }, () => JSON.stringify(make(itemOf(words, truth, dialect), words)));
    return draftOf(records, truth, { noise: ['blank'], extension: 'json', options: ['--columns', columns] });
  },
};

export const bitwardenJson: Family = {
  name: 'Bitwarden JSON',
  weight: 1,
  dialects: ['vault'],
  separators: ['-'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const items = Array.from({ length: size }, () => {
      const { username, password } = itemOf(words, truth, dialect);
      const login = { uris: [{ match: null, uri: words.url() }], username, password, totp: null };
      return { id: words.hex(32), organizationId: null, type: 1, name: words.word(), notes: null, login };
    });
    const vault = { encrypted: false, folders: [], items };
    return draftOf(JSON.stringify(vault, null, 2).split('\n'), truth, {
      noise: [],
      extension: 'json',
      options: ['--columns', 'username=items.login.username,password=items.login.password'],
    });
  },
};
