// The index of rules leaves out only rules that are false.

import { describe, expect, test } from 'vitest';
import { createRuleIndex } from '../../../gateway/rules/rule-index.ts';
import { everyField, loadRule, type RuleRequest } from '../../support/gateway/rules/rule-request.ts';

const RULES = [
  'http.host eq "a.example" and ssl',
  'http.host in {"a.example" "b.example"}',
  'starts_with(http.request.uri.path, "/admin")',
  'starts_with(http.request.uri.path, "/ad") and http.host eq "b.example"',
  '(http.request.uri.path eq "/login")',
  'ssl',
  'http.host eq "a.example" or ssl',
  'not http.host eq "a.example"',
  'http.host ne "a.example"',
  'lower(http.host) eq "a.example"',
  'http.host eq "a.example" xor ssl',
  'starts_with(http.request.uri.path, "")',
].map(loadRule);
/** Rules without a requirement. */
const ALWAYS = [5, 6, 7, 8, 9, 10, 11];
const { candidates } = createRuleIndex(RULES.map(({ requirement }) => requirement));
const contextOf = (request: RuleRequest) => everyField.createContext(request);

describe('the index of rules', () => {
  test.each<[string, RuleRequest, number[]]>([
    ['one host', { 'http.host': 'a.example' }, [0, 1]],
    ['another host', { 'http.host': 'b.example', 'http.request.uri.path': '/x' }, [1, 3]],
    ['a path', { 'http.host': 'c.example', 'http.request.uri.path': '/administrator' }, [2]],
    ['a short path', { 'http.host': 'c.example', 'http.request.uri.path': '/a' }, []],
    ['an exact path', { 'http.host': 'c.example', 'http.request.uri.path': '/login' }, [4]],
    ['nothing', {}, []],
    ['an unknown host', { 'http.host': undefined, 'http.request.uri.path': '/x' }, [0, 1, 3]],
    ['an unknown path', { 'http.host': 'c.example', 'http.request.uri.path': undefined }, [2, 4]],
  ])('finds the rules for %s', (_, request, found) => {
    const positions = candidates([contextOf(request)]);
    expect(positions).toEqual([...found, ...ALWAYS].sort((a, b) => a - b));
    // Every other rule is false.
    for (const [position, { evaluate }] of RULES.entries())
      if (!positions.includes(position)) expect(evaluate(contextOf(request))).toBe(false);
  });

  test('finds what any of several readings of a request needs', () => {
    const readings = ['/administrator', '/login'].map((path) =>
      contextOf({ 'http.host': 'c.example', 'http.request.uri.path': path }),
    );
    expect(candidates(readings).filter((position) => !ALWAYS.includes(position))).toEqual([2, 4]);
  });

  test('finds every rule without a context', () => {
    expect(candidates([])).toEqual(RULES.map((_, position) => position));
  });

  test('of no rules is empty', () => {
    expect(createRuleIndex([]).candidates([contextOf({})])).toEqual([]);
  });
});
