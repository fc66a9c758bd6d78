// docs/gateway-rules.md: its examples load, and its tables have every field and function.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileRule, parseRule } from '../../../gateway/rules/rule.ts';
import { FIELDS, fieldOf } from '../../../gateway/rules/schema/fields.ts';
import { LEFT_OUT, SIGNATURES } from '../../../gateway/rules/schema/signatures.ts';
import { createScheme } from '../../../gateway/rules/scheme.ts';
import { RuleError } from '../../../gateway/rules/syntax/rule-error.ts';
import { readersOf } from '../../support/gateway/rules/rule-request.ts';
import { root } from '../../support/paths.ts';

const page = fs.readFileSync(path.join(root, 'docs/gateway-rules.md'), 'utf8');

/** Rules of code blocks, which empty lines separate. */
const rulesIn = (info: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\``, 'gm'))]
    .flatMap(([, block = '']) => block.split('\n\n'))
    .map((rule) => rule.replace(/^#.*\n/gm, '').trim());

/** What this version computes. */
const computed = Object.keys(FIELDS).filter((name) => fieldOf(name)?.needs === undefined);
const scheme = createScheme('request', readersOf(computed));
const load = (source: string) => compileRule(parseRule(source), scheme, () => ({ kind: 'ip', has: () => false }));

describe('the page about rules', () => {
  test.each(rulesIn('rule'))('has a rule that loads: %s', (source) => {
    expect(load(source).rule.source).toBe(source);
  });

  test.each(rulesIn('rule not computed yet'))('has a rule that parses, and is refused: %s', (source) => {
    expect(() => load(source)).toThrow(RuleError);
    expect(parseRule(source).source).toBe(source);
  });

  test('has the published example verbatim', () => {
    expect(rulesIn('rule not computed yet')).toContain(
      'http.request.uri.path contains "/login" and (not ip.src in $cf.open_proxies and cf.bot_management.score < 30)',
    );
    expect(rulesIn('rule').length).toBeGreaterThan(15);
  });

  test('lists every field with its type', () => {
    const rows = [...page.matchAll(/^\| `([a-z][\w.]*)` \| ((?:Bool|Int|Bytes|Ip|Array|Map)[^|]*) \|/gm)].map(
      ([, name = '', type = '']) => [name, type.replaceAll('&lt;', '<')] as const,
    );
    expect(Object.fromEntries(rows.filter(([name]) => name in FIELDS))).toEqual(
      Object.fromEntries(computed.map((name) => [name, fieldOf(name)?.type])),
    );
  });

  test('lists every field that is not computed, by what it needs', () => {
    const rows = [...page.matchAll(/^\| (`(?:http|cf|credveil)\.[^|]+) \| ([a-z ]+) \|$/gm)];
    const listed = rows.flatMap(([, names = '', needs = '']) => {
      let parent = '';
      return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
        // The first of a group has the whole name.
        if (!name.startsWith('.')) parent = name.slice(0, name.lastIndexOf('.'));
        return [name.startsWith('.') ? `${parent}${name}` : name, needs.trim()] as const;
      });
    });
    const expected = Object.keys(FIELDS).flatMap((name) => {
      const needs = fieldOf(name)?.needs;
      return needs === undefined ? [] : [[name, needs] as const];
    });
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(expected));
  });

  test('names every function, and those left out', () => {
    for (const [name, { parameters }] of Object.entries(SIGNATURES)) {
      expect(page).toContain(`\`${name}(`);
      const shown = new RegExp(`\`${name}\\(([^)]*)\\)`).exec(page)?.[1]?.replace(/, …|…/, '');
      if (shown) expect(shown.split(', ').length, name).toBe(parameters.length);
    }
    for (const name of Object.keys(LEFT_OUT).filter((left) => left !== 'bit_slice'))
      expect(page).toContain(`\`${name}\``);
  });
});
