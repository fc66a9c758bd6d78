// The pages list every key of the configuration, and their examples load.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { CONFIG } from '../../../gateway/config/schema.ts';
import { parseAccounts } from '../../../gateway/hold-test/test-account.ts';
import { parseReport } from '../../../gateway/outcome/report.ts';
import type { Definition } from '../../support/gateway/schema-definition.ts';
import { root } from '../../support/paths.ts';

/** Names of keys that have a page of their own. */
const ELSEWHERE: { readonly [key: string]: string } = {
  access: 'docs/gateway-access.md',
  factors: 'docs/gateway-factors.md',
  mail: 'docs/gateway-factors.md',
  hold: 'docs/gateway-hold.md',
  identity: 'docs/gateway-access.md',
  rules: 'docs/gateway-rules.md',
  lists: 'docs/gateway-lists.md',
  leaks: 'docs/gateway-leaks.md',
  login: 'docs/gateway-logins.md',
  loginLimits: 'docs/gateway-limits.md',
};

const textOf = (page: string): string => fs.readFileSync(path.join(root, page), 'utf8');

/** What a definition consists of, but for the keys of an object. */
const partsOf = ({ innerType, in: input, valueType, element, options = [] }: Definition): Definition[] =>
  [innerType, input, valueType, element, ...options].flatMap((each) => (each ? [each.def] : []));

function keysOf(definition: Definition): string[] {
  const own = Object.entries(definition.shape ?? {}).flatMap(([key, { def }]) => [
    key,
    ...(key in ELSEWHERE ? [] : keysOf(def)),
  ]);
  return [...own, ...partsOf(definition).flatMap(keysOf)];
}

/** The definitions of a key, wherever it is. */
function placesOf(definition: Definition, name: string): Definition[] {
  const { shape = {} } = definition;
  const found = shape[name];
  const inner = [...partsOf(definition), ...Object.values(shape).map(({ def }) => def)];
  return [...(found ? [found.def] : []), ...inner.flatMap((each) => placesOf(each, name))];
}

test('docs/gateway.md lists every key of the configuration', () => {
  const page = textOf('docs/gateway.md');
  const keys = new Set(keysOf(CONFIG.def as unknown as Definition));
  expect(keys.size).toBeGreaterThan(40);
  expect([...keys].filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});

test.each(Object.entries(ELSEWHERE))('the page of %s lists its keys', (name, file) => {
  const page = textOf(file);
  const keys = new Set(placesOf(CONFIG.def as unknown as Definition, name).flatMap(keysOf));
  expect(keys.size).toBeGreaterThan(5);
  expect([...keys].filter((key) => !page.includes(`\`${key}\``) && !page.includes(`{ ${key}: `))).toEqual([]);
});

const OF_APPLICATIONS = fs.readdirSync(path.join(root, 'docs/gateway')).map((name) => `docs/gateway/${name}`);
/** Other pages show parts of an application. */
const WITH_EXAMPLES = [
  ...[
    'gateway/README.md',
    'docs/gateway.md',
    'docs/gateway-rules.md',
    'docs/gateway-lists.md',
    'docs/gateway-access.md',
    'docs/gateway-devices.md',
    'docs/gateway-sign-on.md',
    'docs/gateway-factors.md',
    'docs/gateway-hold.md',
  ],
  ...OF_APPLICATIONS,
];

const inYaml = WITH_EXAMPLES.flatMap((page) =>
  [...textOf(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text = '']) => [page, text] as const),
);
/** What `quarantine test` reads, and what the gateway does. */
const [accounts, examples] = [true, false].map((isAccount) =>
  inYaml.filter(([, text]) => /^signedIn:/m.test(text) === isAccount),
) as [typeof inYaml, typeof inYaml];

test.each(accounts)('the account of %s can be tested with: %s', (_, text) => {
  expect(parseAccounts(text)).toHaveProperty('accounts');
});

test.each(examples)('an example of %s is a configuration, or a part of one: %s', (_, text) => {
  const whole = [
    ...(/^(?:listen|forwardAuth):/m.test(text) ? [] : ['listen: ":1"']),
    ...(/^apps:/m.test(text) ? [] : ['apps: { a.example: { to: http://h } }']),
    text,
  ];
  expect(parseConfig(whole.join('\n')).faults).toEqual([]);
});

test('no example for an application redirects instead of sending the header', () => {
  const configs = examples
    .filter(([page]) => OF_APPLICATIONS.includes(page))
    .map(([, text]) => parseConfig(text).config);
  const actions = configs.flatMap((config) =>
    Object.values(config?.apps ?? {}).flatMap(({ login }) => Object.values(login?.onLeaked ?? {})),
  );
  expect(actions.flat()).toContain('redirect');
  expect(actions.filter((each) => each.includes('redirect') && !each.includes('header'))).toEqual([]);
});

test('the report of docs/gateway-leaks.md is one', () => {
  const [, body = ''] = /--data '([^']+)'/.exec(textOf('docs/gateway-leaks.md')) ?? [];
  expect(parseReport(Buffer.from(body))).toMatchObject({ outcome: 'success' });
});
