// Dumps of databases: MySQL, PostgreSQL and SQLite.

import { type Draft, draftOf, emptyTruth, type Family, type MakerContext, type Truth } from './draft.ts';
import type { Vocabulary } from './vocabulary.ts';

interface Row {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly date: string;
}

function rowOf(words: Vocabulary, truth: Truth, id: number): Row {
  const [username, email, password] = [words.login(), words.email(), words.password()];
  truth.holds.pairs.push({ username: email, password }, { username, password });
  return { id, username, email, password, date: `${words.date()} 09:30:00` };
}

const mysqlText = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('"', '\\"')}'`;
const plainText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Text of COPY: tabs, line ends and backslashes are escaped. */
const copyText = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t');

const ORDERS: { readonly [order: string]: readonly (keyof Row)[] } = {
  usual: ['id', 'username', 'email', 'password', 'date'],
  turned: ['password', 'id', 'email', 'date', 'username'],
};

/** Names of the columns in the dump. */
const NAMES: { readonly [naming: string]: { readonly [column in keyof Row]: string } } = {
  plain: { id: 'id', username: 'username', email: 'email', password: 'password', date: 'created_at' },
  WordPress: { id: 'ID', username: 'user_login', email: 'user_email', password: 'user_pass', date: 'user_registered' },
  short: { id: 'uid', username: 'uname', email: 'mail', password: 'pwd', date: 'regdate' },
};

/** Column order, names and style of inserts, from a dialect such as `usual plain named`. */
function shapeOf(dialect: string) {
  const [order = '', naming = '', inserts = ''] = dialect.split(' ');
  return {
    order: ORDERS[order] as readonly (keyof Row)[],
    names: NAMES[naming] as { readonly [column in keyof Row]: string },
    inserts,
  };
}

const MORE = { noise: [], extension: 'sql' } as const;
const DIALECTS = Object.keys(ORDERS).flatMap((order) =>
  Object.keys(NAMES).flatMap((naming) =>
    ['named', 'whole', 'single'].map((inserts) => `${order} ${naming} ${inserts}`),
  ),
);

function insertsOf(
  { words, size, dialect }: MakerContext,
  truth: Truth,
  quote: (name: string) => string,
  text: (value: string) => string,
): string[] {
  const { order, names, inserts } = shapeOf(dialect);
  const rows = Array.from({ length: size }, (_, at) => rowOf(words, truth, at + 1));
  const values = rows.map((row) => `(${order.map((c) => (c === 'id' ? String(row[c]) : text(row[c]))).join(',')})`);
  const named = inserts === 'named' ? ` (${order.map((c) => quote(names[c])).join(', ')})` : '';
  const into = `INSERT INTO ${quote('users')}${named} VALUES`;
  if (inserts === 'single') return values.map((value) => `${into} ${value};`);
  const between = words.pick([',', ',\n', ', ']);
  const lines: string[] = [];
  for (let at = 0; at < values.length; at += 40)
    lines.push(`${into}${words.pick([' ', '\n'])}${values.slice(at, at + 40).join(between)};`);
  return lines;
}

export const mysql: Family = {
  name: 'MySQL dump',
  weight: 5,
  dialects: DIALECTS,
  separators: ['-'],
  make(context): Draft {
    const truth = emptyTruth();
    const { order, names } = shapeOf(context.dialect);
    const quote = (name: string): string => `\`${name}\``;
    const records = insertsOf(context, truth, quote, mysqlText);
    const head = [
      ...['-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)', '--', '-- Host: localhost    Database: shop'],
      ...['-- ------------------------------------------------------', '/*!40101 SET NAMES utf8mb4 */;', ''],
      ...['DROP TABLE IF EXISTS `users`;', 'CREATE TABLE `users` ('],
      ...order.map(
        (c) => `  ${quote(names[c])} ${c === 'id' ? 'int NOT NULL AUTO_INCREMENT' : 'varchar(255) DEFAULT NULL'},`,
      ),
      ...[
        `  PRIMARY KEY (${quote(names.id)})`,
        ') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;',
        '',
        'LOCK TABLES `users` WRITE;',
      ],
    ];
    const tail = ['UNLOCK TABLES;', '', '-- Dump completed on 2024-03-01 10:00:00'];
    return draftOf(records, truth, { ...MORE, head, tail });
  },
};

export const sqlite: Family = {
  name: 'SQLite dump',
  weight: 3,
  dialects: DIALECTS,
  separators: ['-'],
  make(context): Draft {
    const truth = emptyTruth();
    const { order, names } = shapeOf(context.dialect);
    const quote = (name: string): string => (context.words.chance(0) ? name : `"${name}"`);
    const records = insertsOf(context, truth, quote, plainText);
    const columns = order.map((c) => `${names[c]} ${c === 'id' ? 'INTEGER PRIMARY KEY' : 'TEXT'}`).join(', ');
    const head = ['PRAGMA foreign_keys=OFF;', 'BEGIN TRANSACTION;', `CREATE TABLE users (${columns});`];
    return draftOf(records, truth, { ...MORE, head, tail: ['COMMIT;'] });
  },
};

export const postgres: Family = {
  name: 'PostgreSQL dump',
  weight: 4,
  dialects: Object.keys(ORDERS).flatMap((order) => Object.keys(NAMES).map((naming) => `${order} ${naming} copy`)),
  separators: ['-'],
  make({ words, size, dialect }): Draft {
    const truth = emptyTruth();
    const { order, names } = shapeOf(dialect);
    const rows = Array.from({ length: size }, (_, at) => rowOf(words, truth, at + 1));
    const records = rows.map((row) => order.map((c) => copyText(String(row[c]))).join('\t'));
    const columns = order.map((c) => `    ${names[c]} ${c === 'id' ? 'integer NOT NULL' : 'character varying(255)'}`);
    const head = [
      ...[
        '--',
        '-- PostgreSQL database dump',
        '--',
        '',
        'SET statement_timeout = 0;',
        "SET client_encoding = 'UTF8';",
        '',
      ],
      ...['CREATE TABLE public.users (', columns.join(',\n'), ');', ''],
      `COPY public.users (${order.map((c) => names[c]).join(', ')}) FROM stdin;`,
    ];
    return draftOf(records, truth, {
      ...MORE,
      head,
      tail: ['\\.', '', '--', '-- PostgreSQL database dump complete', '--'],
    });
  },
};
