// docs/gateway.md lists every key of the configuration, and no other.

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CONFIG } from '../../../gateway/config/schema.ts';
import { root } from '../../support/paths.ts';

interface Definition {
  readonly type: string;
  readonly shape?: { readonly [key: string]: { readonly def: Definition } };
  readonly innerType?: { readonly def: Definition };
  readonly in?: { readonly def: Definition };
  readonly valueType?: { readonly def: Definition };
  readonly element?: { readonly def: Definition };
  readonly options?: readonly { readonly def: Definition }[];
}

/** Names of keys that have a page of their own. */
const ELSEWHERE = new Set(['rules', 'lists', 'leaks', 'loginLimits']);

function keysOf(definition: Definition): string[] {
  const own = Object.entries(definition.shape ?? {}).flatMap(([key, { def }]) => [
    key,
    ...(ELSEWHERE.has(key) ? [] : keysOf(def)),
  ]);
  const inner = [
    definition.innerType,
    definition.in,
    definition.valueType,
    definition.element,
    ...(definition.options ?? []),
  ];
  return [...own, ...inner.flatMap((each) => (each ? keysOf(each.def) : []))];
}

test('docs/gateway.md lists every key of the configuration', () => {
  const page = fs.readFileSync(path.join(root, 'docs/gateway.md'), 'utf8');
  const keys = new Set(keysOf(CONFIG.def as unknown as Definition));
  expect(keys.size).toBeGreaterThan(40);
  expect([...keys].filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});
