// Names in a configuration that cannot mean what somebody wrote them for.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';

/** An application with some keys. */
const app = (keys: string): string => `listen: :80\napps:\n  a.example: { to: "http://h:1", ${keys} }\n`;

const messages = (text: string): string[] => parseConfig(text).faults.map(({ key, message }) => `${key} ${message}`);

test.each([
  'Expect',
  'expect',
  'Host',
  'Connection',
  'Trailer',
  'Content-Length',
  'Transfer-Encoding',
  'X-Real-IP',
  'x forwarded',
])('setHeader does not set %s, and the mistake says which name', (name) => {
  const [message = ''] = messages(app(`rules: [{ when: ssl, do: { setHeader: { "${name}": a } } }]`));
  expect(message).toMatch(/rules\.0\.do\.setHeader\..* must (?:not )?be a header/);
});

test('a value of setHeader that is no line is a mistake of that value', () => {
  const [message = ''] = messages(app('rules: [{ when: ssl, do: { setHeader: { X-A: "a\\nb" } } }]'));
  expect(message).toMatch(/rules\.0\.do\.setHeader\.X-A must be one line of printable characters/);
});

test.each([
  'X-Forwarded-For',
  'x_forwarded_for',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'x_real_ip',
  'Exposed-Credential-Check',
  'Credveil-Anything',
  'Host',
  'Cookie',
  'Content-Length',
  'Accept',
])('keep does not name %s', (name) => {
  expect(messages(app(`keep: [X-HTTP-Method, ${name}]`))).toEqual([
    expect.stringMatching(/^apps\.a\.example\.keep\.1 must be the name of a reserved header/),
  ]);
});

test.each(['X-HTTP-Method-Override', 'x_forwarded_port', 'CF-Connecting-IP'])('keep may name %s', (name) => {
  expect(messages(app(`keep: [${name}]`))).toEqual([]);
});

test('no name is lost: __proto__ is a mistake wherever it stands', () => {
  const application = '{ to: "http://h:1" }';
  expect(messages(`listen: :80\napps:\n  a.example: ${application}\n  __proto__: ${application}\n`)).toEqual([
    'apps.__proto__ is no possible name',
  ]);
  expect(messages(`${app('')}lists: { __proto__: { kind: ip } }\n__proto__: {}\n`)).toHaveLength(2);
  expect(messages(`listen: :80\napps:\n  constructor: ${application}\n`)).toEqual([]);
});

test.each(['constructor', 'tostring', 'valueof'])('a list %s exists only if it is configured', (name) => {
  expect(messages(app(`rules: [{ when: "ip.src in $${name}", do: block }]`))).toHaveLength(1);
  expect(messages(app(`rules: [{ when: ssl, do: { addToList: { list: ${name} } } }]`))).toEqual([
    expect.stringContaining('names no list of the configuration'),
  ]);
});
