// What a report names of the columns of JSON and SQL, and how it shows what is malformed there.

import { describe, expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { columnsOf, examplesOf } from '../../support/corpus-text.ts';

const people = (row: (i: number) => unknown): string => JSON.stringify(Array.from({ length: 20 }, (_, i) => row(i)));

describe('members of JSON', () => {
  test('those that are read, and the others, are named by their path', () => {
    const text = people((i) => ({
      _id: i,
      _source: { email: `u${i}@example.test`, nick: `n${i}`, password: `pw${i}`, times: 2, tags: ['a'] },
    }));
    for (const format of ['json', 'json-lines'])
      expect(columnsOf(createFormat(format), text)).toEqual({
        used: ['username=_source.email', 'password=_source.password', 'count=_source.times'],
        unused: ['_id', '_source.nick', '_source.tags'],
      });
    const columns = { username: '_source.nick', password: '_source.password' };
    expect(columnsOf(createFormat('json', { columns }), text)).toMatchObject({
      used: ['username=_source.nick', 'password=_source.password'],
    });
  });

  test('names that are values are not shown', () => {
    const users = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`ann${i}`, { email: `e${i}`, password: 'x' }]),
    );
    const shown = columnsOf(createFormat('json'), JSON.stringify({ users }));
    expect(shown).toEqual({ used: ['username=users.*.email', 'password=users.*.password'], unused: [] });
    const two = '{"ann":{"email":"a","password":"x"},"ben":{"email":"b","password":"y"}}';
    expect(columnsOf(createFormat('json'), two)).toEqual({
      used: ['username=*.email', 'password=*.password'],
      unused: [],
    });
    const rare = people((i) => ({ email: `e${i}`, password: 'x', ...(i === 7 && { Sunrise42: 1 }) }));
    expect(columnsOf(createFormat('json'), rare)?.unused).toEqual(['xxxxxxx99']);
  });

  test('of many names, a bounded number is shown', () => {
    const text = people((i) => Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`m${i}x${k}`, 1])));
    expect(columnsOf(createFormat('json'), text)?.unused.length).toBeLessThanOrEqual(100);
  });
});

describe('columns of a dump', () => {
  const users = "INSERT INTO users (id, email, password, salt) VALUES (1,'ann','x','s');\n";

  test('those of one table have their names alone', () => {
    expect(columnsOf(createFormat('sql'), users)).toEqual({
      used: ['username=email', 'password=password'],
      unused: ['id', 'salt'],
    });
  });

  test('those of several tables are named by their table, and tables that are not read by a star', () => {
    const text = `${users}INSERT INTO posts (id, text) VALUES (1,'a');\n${users.replace('users', 'admins').replace(', salt', '').replace(",'s'", '')}`;
    expect(columnsOf(createFormat('sql'), text)).toEqual({
      used: ['username=users.email', 'password=users.password', 'username=admins.email', 'password=admins.password'],
      unused: ['users.id', 'users.salt', 'posts.*', 'admins.id'],
    });
  });

  test('columns by place', () => {
    const format = createFormat('sql', { columns: { username: '2', password: '3' } });
    expect(columnsOf(format, "INSERT INTO t VALUES (1,'ann','x');")).toEqual({
      used: ['username=2', 'password=3'],
      unused: [],
    });
  });
});

describe('examples of what is malformed', () => {
  const whole = '{"email":"ann","password":"x"}';
  test.each([
    ['json', `[${whole},{"email":"ben",,"password":"Sunrise42"},${whole}]`, '{"xxxxx":"xxx",,'],
    ['json', `[${whole},{"email":"ben","password":"Sunrise42`, '{"xxxxx":"xxx","xxxxxxxx":"xxxxxxx92'],
    ['json', `${whole}\nSunrise42 and more\n${whole}`, 'x'],
    ['json-lines', `${whole}\n{"email":"ben","password":Sunrise42}\n`, '{"xxxxx":"xxx","xxxxxxxx":xxxxxxx99}'],
    [
      'sql',
      "INSERT INTO u (email,password) VALUES ('ann','x'),\n('ben','Sun'rise42'),\n('cleo','z');",
      "('xxx','xxx'r",
    ],
    ['sql', "INSERT INTO u (email,password) VALUES ('ann','x'),\n('ben','Sun", "('xxx','xxn"],
    ['sql', "INSERT INTO u (email,password) VALUES ('ann',md5('x'));", 'axx,'],
  ])('%s: they begin with the row (%#)', (name, text, example) => {
    const format = createFormat(name);
    const examples = examplesOf(format, text);
    expect(examples).toEqual({ 'malformed-row': [example] });
    for (const bytes of [1, 7, 30]) expect(examplesOf(format, text, bytes), `blocks of ${bytes}`).toEqual(examples);
  });
});
