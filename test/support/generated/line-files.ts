// Files of one credential a line: combo lists, lists with URLs, numbered and captured lists.

import { draftOf, emptyTruth, type Family, type MakerContext, type Pair, type Truth } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Makes `size` lines, each of a new pair. */
function linesOf(
  { size, words }: MakerContext,
  truth: Truth,
  write: (pair: Pair, at: number) => string,
  without = '',
): string[] {
  return Array.from({ length: size }, (_, at) => {
    const pair = words.pair(without);
    truth.holds.pairs.push(pair);
    return write(pair, at);
  });
}

const blank = (text: string): string => text.replaceAll(/\s/g, '');

export const combo: Family = {
  name: 'combo',
  weight: 12,
  dialects: [
    'plain',
    'emails',
    'logins',
    'spaced',
    'quoted',
    'header',
    'mixed separators',
    'separators in passwords',
    'some hashes',
  ],
  separators: [':', ';', '|', '\t', ',', ' ', '::', '=>', '--', '~', '->', '||', '»'],
  make(context) {
    const { words, dialect, separator } = context;
    const truth = emptyTruth();
    const others = [':', ';'].filter((other) => other !== separator);
    const pairOf = (): Pair => ({
      username: dialect === 'emails' || dialect === 'mixed separators' ? words.email() : nameOf(words, dialect),
      password: words.password(dialect === 'separators in passwords' ? '"' : `${separator}:;"`),
    });
    const write = ({ username, password }: Pair): string => {
      const between = dialect === 'mixed separators' && words.chance(30) ? words.pick(others) : separator;
      if (dialect === 'quoted') return `"${username}"${between}"${password}"`;
      return dialect === 'spaced' && separator.trim() !== ''
        ? `${username} ${between} ${password}`
        : `${username}${between}${password}`;
    };
    const records = Array.from({ length: context.size }, () => {
      const pair = pairOf();
      if (dialect === 'some hashes' && words.chance(3)) return `${pair.username}${separator}$2y$10$${words.hex(53)}`;
      truth.holds.pairs.push(pair);
      return write(pair);
    });
    const header = words.pick([
      ['email', 'password'],
      ['username', 'password'],
      ['login', 'pass'],
    ]);
    return draftOf(records, truth, { head: dialect === 'header' ? [header.join(separator)] : [] });
  },
};

function nameOf(words: Vocabulary, dialect: string): string {
  return dialect === 'logins' ? words.login() : words.username();
}

const URL_ORDERS: { readonly [dialect: string]: (url: string, pair: Pair, separator: string) => string } = {
  'url user pass': (url, { username, password }, s) => [url, username, password].join(s),
  'user pass url': (url, { username, password }, s) => [username, password, url].join(s),
  'url, user:pass': (url, { username, password }, s) => `${url}${s}${username}:${password}`,
  'no scheme': (url, { username, password }, s) => [url.replace(/^https?:\/\//, ''), username, password].join(s),
  apps: (url, { username, password }, s) => [url, username, password].join(s),
  servers: (server, { username, password }, s) => `${server}${username}${s}${password}`,
  'not saved': (url, { username, password }, s) => [url, username, password].join(s),
  'with bare pairs': (url, { username, password }, s) => [url, username, password].join(s),
  spaced: (url, { username, password }, s) => [url, username, password].join(s.trim() === '' ? s : ` ${s} `),
};

export const urlLists: Family = {
  name: 'url list',
  weight: 12,
  dialects: Object.keys(URL_ORDERS),
  separators: [':', '|', ';', '\t', ' ', ','],
  make(context) {
    const { words, dialect, separator } = context;
    const truth = emptyTruth();
    const order = URL_ORDERS[dialect] as (url: string, pair: Pair, separator: string) => string;
    const records = Array.from({ length: context.size }, () => {
      // A URL at the end is found by its scheme, one in front by the separator.
      const pair = { username: words.email(), password: words.password(`${separator}:;|,`) };
      if (dialect === 'servers') {
        truth.holds.pairs.push(pair);
        return order(`${words.ip()}:${words.pick([22, 3389])}@`, pair, separator);
      }
      if (dialect === 'not saved' && words.chance(5))
        return [blank(words.url()).replaceAll(/[;,|]/g, ''), pair.username, '[NOT_SAVED]'].join(separator);
      truth.holds.pairs.push(pair);
      if (dialect === 'with bare pairs' && words.chance(25)) return `${pair.username}${separator}${pair.password}`;
      const isApp = dialect === 'apps' && words.chance(40);
      const url = blank(isApp ? words.app() : words.url()).replaceAll(/[;,|]/g, '');
      return order(url, pair, separator);
    });
    return draftOf(records, truth);
  },
};

export const numbered: Family = {
  name: 'numbered',
  weight: 4,
  dialects: ['1. ', '1) ', '[1] ', '#1 ', '001 ', '(1) ', '1: ', 'column', 'id column'],
  separators: [':', ';', '|', '\t'],
  make(context) {
    const { dialect, separator, words } = context;
    const truth = emptyTruth();
    const first = words.number(1000, 90_000);
    const records = linesOf(
      context,
      truth,
      ({ username, password }, at) => {
        if (dialect === 'column') return [at + 1, username, password].join(separator);
        if (dialect === 'id column') return [first + at * 3, username, password].join(separator);
        const number = dialect.startsWith('001') ? String(at + 1).padStart(3, '0') : String(at + 1);
        return `${dialect.replace(/0*1/, number)}${username}${separator}${password}`;
      },
      `${separator}:;|`,
    );
    return draftOf(records, truth);
  },
};

/** What checkers of combo lists write behind each pair. */
export const captured: Family = {
  name: 'captured',
  weight: 5,
  dialects: [
    'plan',
    'country',
    'address',
    'date',
    'hash',
    'fixed',
    'several',
    'status before',
    'code',
    'time',
    'time before',
  ],
  separators: [':', ' | ', ';', '\t'],
  make(context) {
    const { dialect, separator, words } = context;
    const truth = emptyTruth();
    const between = separator === ' | ' ? ':' : separator;
    const capture = (): string => {
      if (dialect === 'plan') return `Plan = ${words.pick(['Premium', 'Free', 'Family', 'Basic'])}`;
      if (dialect === 'country') return words.pick(['Country = DE', 'Country = US', 'Country = FR']);
      if (dialect === 'address') return words.ip();
      if (dialect === 'hash') return words.hex(32);
      if (dialect === 'several')
        return `Plan = ${words.pick(['Gold', 'Free'])}${separator}Points = ${words.number(0, 999)}`;
      if (dialect === 'code') return words.pick(['DE', 'US', 'FR', 'PL', 'BR', 'IN']);
      if (dialect === 'time') return `${words.date()} ${words.number(10, 23)}:${words.number(10, 59)}`;
      return dialect === 'date' ? words.date() : 'HIT';
    };
    const records = linesOf(
      context,
      truth,
      ({ username, password }) => {
        const pair = `${username}${between}${password}`;
        if (dialect === 'time before')
          return `[${words.date()} ${words.number(10, 23)}:${words.number(10, 59)}] ${pair}`;
        return dialect === 'status before' ? `[HIT]${separator}${pair}` : `${pair}${separator}${capture()}`;
      },
      `${separator.trim()}:;|`,
    );
    return draftOf(records, truth);
  },
};
