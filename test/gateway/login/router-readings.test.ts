// A login at a path is found under each spelling that routers take for that path.

import { describe, expect, test } from 'vitest';
import { loginsOf, readAt } from '../../support/gateway/login/read.ts';

const at = (when: string) => {
  const logins = loginsOf({
    locations: [{ name: 'own', when, password: 'http.request.body.form["key"][0]' }],
  });
  return (target: string): string => {
    const reading = readAt(logins, { target, body: 'key=s3' });
    return reading === 'unseen' ? reading : reading.kind;
  };
};
const PATH = 'http.request.uri.path';

describe.each([
  ['an equal path', `${PATH} eq "/enter"`],
  ['one in capitals', `${PATH} eq "/Enter"`],
  ['one with a slash', `${PATH} eq "/enter/"`],
  ['one of several', `${PATH} in {"/other" "/eNter"}`],
  ['a beginning', `starts_with(${PATH}, "/Enter")`],
  ['a beginning with a slash', `starts_with(${PATH}, "/enter/")`],
  ['an end', `ends_with(${PATH}, "/Enter")`],
  ['a part', `${PATH} contains "/Enter"`],
  ['a wildcard', `${PATH} wildcard "/enter"`],
  ['the whole address', 'http.request.uri eq "/Enter"'],
  ['a pattern', `${PATH} matches r"^/enter$"`],
  ['a pattern in capitals', `${PATH} matches r"^/Enter(/|$)"`],
])('%s', (_, when) => {
  const read = at(when);

  test.each([
    '/enter',
    '/ENTER',
    '/Enter/',
    '//enter',
    '/enter//',
    '/enter;x=1',
    '/Enter;x/',
    '/enter.json',
    '/%45nter',
    '/index.php/enter',
    '/INDEX.PHP/Enter/',
    '/app.php/enter.json',
  ])('is found at %s', (target) => {
    expect(read(target)).toBe('attempt');
  });

  test.each([
    '/',
    '/ente',
    '/centered',
    '/x',
    '/index.php',
    '/?r=x',
    '/x?r=enter',
    '/index.php?name=enter',
    '/x/index.php',
  ])('is not found at %s', (target) => {
    expect(read(target)).toBe('unseen');
  });
});

test('what follows a beginning stays', () => {
  const read = at(`starts_with(${PATH}, "/Account/Login/") and ${PATH} contains "/step"`);
  expect(read('/account//login/Step')).toBe('attempt');
  expect(read('/account/logins/step')).toBe('unseen');
});

test('a path in a query is found where a script takes it', () => {
  const targets = ['/index.php?r=enter', '/?r=/enter', '/index.php?r=enter&r=x', '/index.php?r=x&R=Enter', '/?q=enter'];
  for (const target of [...targets, '/?/enter', '/index.php?/enter&x=1'])
    expect(at(`${PATH} eq "/Enter"`)(target), target).toBe('attempt');
});

test('a path behind a script is found without it too, and in a folder', () => {
  for (const target of [
    '/index.php/site/in',
    '/site/in',
    '/app_dev.php/site/in',
    '/index.php?r=site/in',
    '/?r=site/in',
  ])
    expect(at(`${PATH} eq "/index.php/site/in"`)(target), target).toBe('attempt');
  for (const target of ['/shop/index.php?route=in', '/shop/?route=in', '/shop/index.php/in'])
    expect(at(`${PATH} eq "/shop/in"`)(target), target).toBe('attempt');
});

test('an ordinary path has no further reading that logins are compared with', () => {
  expect(at(`${PATH} eq "/a/b"`)('/a')).toBe('unseen');
});
