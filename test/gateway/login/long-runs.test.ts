// Runs of one letter or word, as long as a body may be, cost little: none of what reads a login
// takes quadratic time. The bound is far above linear time and far below quadratic time.

import { expect, test } from 'vitest';
import { SPELLINGS, type SpellingName, spelled } from '../../../gateway/login/spellings.ts';
import { maskPath } from '../../../gateway/record/recordable.ts';
import { FORM, JSON_TYPE, loginsOf, outcomeOf, readAt, type Sent } from '../../support/gateway/login/read.ts';

const LENGTH = 60_000;
const MAX_SECONDS = 2;
const MULTIPART = 'multipart/form-data; boundary=x';
const UNITS = [
  ...['a', '+', '&', ';', '&a;', 'a=&', '%41', '.-', '[', '\0', '\r\n', '\r\n\r\n', '"', '\\"', '\\\n'],
  ...["'", '<a>', '@', 'é;', '\u0345\u0334', '\ufdfa', 'name="'],
];

function secondsOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user / 1_000_000;
}

const runOf = (unit: string): string => unit.repeat(Math.floor(LENGTH / Buffer.byteLength(unit)));

const part = (name: string, value: string): string =>
  `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}`;

const DEEP = `${'{"a":'.repeat(8_000)}{${Array.from({ length: 499 }, (_, i) => `"${i}":"v"`)}}${'}'.repeat(8_000)}`;

const sentOf = (run: string): readonly (readonly [type: string, body: string])[] => [
  [FORM, `log=a${run}b&pwd=s`],
  [FORM, `log=a&pwd=b${run}c`],
  [FORM, `${run}log=a&pwd=s`],
  [FORM, `pwd${run}x=a`],
  [FORM, `log=a${encodeURIComponent(run).slice(0, LENGTH)}`],
  [JSON_TYPE, JSON.stringify({ log: `a${run}b`, pwd: 's' }).slice(0, LENGTH)],
  [JSON_TYPE, JSON.stringify({ log: `a${run.slice(0, LENGTH / 8)}b`, pwd: 's' })],
  [JSON_TYPE, DEEP],
  [JSON_TYPE, `{"${run}`],
  [JSON_TYPE, `{${run}`],
  [MULTIPART, `${part(run, 'a')}\r\n--x--\r\n`],
  [MULTIPART, `${part('log', run)}a--x--\r\n`],
  [MULTIPART, run],
  ['text/xml', `<methodCall><methodName>a</methodName><params>${run}`],
];

/** 27 names that a password may have. */
const WIDE = {
  name: 'wide',
  when: 'http.request.uri.path == "/wp-login.php"',
  username: 'http.request.body.form["log"][0]',
  password: Array.from({ length: 26 }, (_, i) => `http.request.body.form["pwd${i}"][0]`),
};

test('long runs cost little, whatever has them', () => {
  const logins = loginsOf({ presets: ['wordpress', 'generic'], locations: [WIDE] });
  const read = (type: string, body: string): void => {
    const sent: Sent = { target: '/wp-login.php', headers: ['Content-Type', type], body };
    readAt(logins, sent);
  };
  const slow = UNITS.flatMap((unit) =>
    sentOf(runOf(unit)).flatMap(([type, body], shape) =>
      secondsOf(() => read(type, body)) > MAX_SECONDS ? [`${JSON.stringify(unit)} in shape ${shape}`] : [],
    ),
  );
  expect(slow).toEqual([]);
});

test.each(Object.keys(SPELLINGS) as SpellingName[])('names of a long run cost little in %s', (name) => {
  const slow = UNITS.filter(
    (unit) => secondsOf(() => spelled([`a${runOf(unit)}b`, `a@${runOf(unit)}`], [SPELLINGS[name]])) > MAX_SECONDS,
  );
  expect(slow).toEqual([]);
});

test('long paths with arguments cost little', () => {
  const logins = loginsOf({ presets: ['wordpress', 'generic'] });
  const slow = ['a', 'a.', ';', '/', '/a', '/..', '%2f', '//;', '.php/'].filter((unit) => {
    const target = `/${unit.repeat(Math.floor(8_000 / unit.length))}`;
    const read = (): unknown => readAt(logins, { target: `${target}/?r=${'a/'.repeat(90)}x`, body: 'log=a&pwd=s' });
    read();
    return secondsOf(() => Array.from({ length: 50 }, read)) > MAX_SECONDS / 2;
  });
  expect(slow).toEqual([]);
});

test('a name that is too long to be spelled is refused, since an application may shorten it', () => {
  const read = (log: string): unknown =>
    outcomeOf(readAt(loginsOf('wordpress'), { target: '/wp-login.php', body: `log=${log}&pwd=s` }));
  expect(read(`bob${'%2541'.repeat(200)}`)).toBe('LOGIN_UNREADABLE');
  expect(read(`bob${'%2541'.repeat(100)}`)).toMatchObject({ usernames: expect.arrayContaining(['bob']) });
  expect(read('b%26%3B%26x%3Bob')).toMatchObject({ usernames: expect.arrayContaining(['bob']) });
});

test('a login behind more fields than are read is found', () => {
  const read = (body: string): unknown => outcomeOf(readAt(loginsOf('generic'), { target: '/any', body }));
  expect(read(`${'a&'.repeat(3_000)}username=bob&password=s`)).toBe('LOGIN_UNREADABLE');
  expect(read('a&'.repeat(3_000))).toBe('none');
});

test('a login in JSON that is too deep to be read is refused', () => {
  const read = (levels: number): unknown => {
    const body = `${'{"a":'.repeat(levels)}{"username":"bob","password":"s"}${'}'.repeat(levels)}`;
    return outcomeOf(readAt(loginsOf('generic'), { target: '/any', headers: ['Content-Type', JSON_TYPE], body }));
  };
  expect(read(9)).toMatchObject({ usernames: ['bob'] });
  expect(read(99)).toBe('LOGIN_UNREADABLE');
});

test('paths of records are masked in linear time', () => {
  for (const unit of ['a', '.', '_a', '%4', '1_'])
    expect(secondsOf(() => maskPath(`/${runOf(unit)}`))).toBeLessThan(MAX_SECONDS);
});
