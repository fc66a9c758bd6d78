// Logins by GraphQL: variables are fields like others, and a batch hides none.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { JSON_TYPE, loginsOf, outcomeOf, readAt } from '../../support/gateway/login/read.ts';
import { root } from '../../support/paths.ts';

const page = fs.readFileSync(path.join(root, 'docs/gateway-logins.md'), 'utf8');
/** The example of the documents. */
const [, example = ''] = /### GraphQL[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page) ?? [];
const logins = loginsOf((parse(example) as { login: unknown }).login);
const read = (body: unknown, type = JSON_TYPE) =>
  outcomeOf(readAt(logins, { target: '/graphql', headers: ['Content-Type', type], body: JSON.stringify(body) }));

const query =
  'mutation Login($username: String!, $password: String!) { login(username: $username, password: $password) { token } }';
const variables = { username: 'bob', password: 's' };
const found = { usernames: ['bob'], passwords: ['s'] };

describe('a login by GraphQL', () => {
  test('is read from its variables', () => {
    expect(read({ query, variables })).toEqual(found);
    expect(read({ operationName: 'Login', variables, query, extensions: {} })).toEqual(found);
    expect(read({ query, variables }, 'application/graphql+json')).toEqual(found);
  });

  test('in an object of its variables is read too, as of an input', () => {
    expect(read({ query, variables: { input: variables } })).toEqual(found);
  });

  test.each([
    ['of one', [{ query, variables }]],
    ['behind another request', [{ query: '{ me { id } }' }, { query, variables }]],
    ['before another request', [{ query, variables }, { query: '{ me { id } }' }]],
    [
      'of two logins',
      [
        { query, variables },
        { query, variables: { username: 'eve', password: 't' } },
      ],
    ],
  ])('in a batch is refused: %s', (_, body) => {
    expect(read(body)).toBe('LOGIN_UNREADABLE');
  });

  test.each([
    ['with a number for its password', { query, variables: { username: 'bob', password: 1 } }],
    ['with an object for it', { query, variables: { username: 'bob', password: { $ne: '' } } }],
    ['with two passwords', { query, variables: { ...variables, a: { password: 't' } } }],
  ])('is refused %s', (_, body) => {
    expect(read(body)).toBe('LOGIN_UNREADABLE');
  });

  test('whose credential stands in the text of the query is none, and so never found clean', () => {
    expect(read({ query: 'mutation { login(username: "bob", password: "s") { token } }' })).toBe('none');
    expect(read({ query: query.replaceAll('$password', '$p'), variables: { username: 'bob', p: 's' } })).toBe('none');
  });
});
