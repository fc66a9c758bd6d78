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
  'http.user_agent contains "scan" and ssl',
  'http.user_agent contains "scan.+" or http.user_agent contains "crawl"',
  'http.user_agent matches "(?i)bot/[0-9]+"',
  'lower(http.host) eq "a.example"',
  'http.user_agent wildcard "*Robot*x"',
  'http.user_agent strict wildcard "Robot*"',
  'ip.src in {192.0.2.0/24 2001:db8::/32} and ssl',
  'ip.src eq 198.51.100.7',
  'any(http.request.headers["accept"][*] contains "json")',
  'any(starts_with(http.request.headers["accept"][*], "text/"))',
  'ssl',
  'http.host eq "a.example" or ssl',
  'http.host eq "a.example" or http.request.uri.path eq "/login"',
  'not http.host eq "a.example"',
  'http.host ne "a.example"',
  'not http.user_agent contains "scan"',
  'all(http.request.headers["accept"][*] contains "json")',
  'http.host eq "a.example" xor ssl',
  'starts_with(http.request.uri.path, "")',
  'http.user_agent contains ""',
  'http.user_agent matches "a*"',
  'sha256(http.user_agent) eq "x"',
].map(loadRule);
/** Rules without a requirement. */
const ALWAYS = [15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26];
const { candidates } = createRuleIndex(RULES.map(({ requirement }) => requirement));
const contextOf = (request: RuleRequest) => everyField.createContext(request);

describe('the index of rules', () => {
  test.each<[string, RuleRequest, number[]]>([
    ['one host', { 'http.host': 'a.example' }, [0, 1, 8]],
    ['a host in upper case', { 'http.host': 'A.example' }, [8]],
    ['another host', { 'http.host': 'b.example', 'http.request.uri.path': '/x' }, [1, 3]],
    ['a path', { 'http.host': 'c.example', 'http.request.uri.path': '/administrator' }, [2]],
    ['a short path', { 'http.host': 'c.example', 'http.request.uri.path': '/a' }, []],
    ['an exact path', { 'http.host': 'c.example', 'http.request.uri.path': '/login' }, [4]],
    // Those of one group are found together.
    ['a text', { 'http.user_agent': 'a scanner' }, [5, 6, 7, 10]],
    ['another alternative', { 'http.user_agent': 'crawler' }, [5, 6, 7, 10]],
    ['a text in any case', { 'http.user_agent': 'rOBOT-x' }, [9]],
    ['another text', { 'http.user_agent': 'scam' }, []],
    ['signs of a pattern as they are', { 'http.user_agent': 'scbn' }, []],
    ['a network', { 'ip.src': '192.0.2.9' }, [11, 12]],
    ['a network of IPv6', { 'ip.src': '2001:db8::9' }, [11, 12]],
    ['another address', { 'ip.src': '203.0.113.9' }, []],
    ['one element', { 'http.request.headers': { accept: ['a/b', 'x/json'] } }, [13]],
    ['the start of one', { 'http.request.headers': { accept: ['a/b', 'text/css'] } }, [14]],
    ['nothing', {}, []],
    ['an unknown host', { 'http.host': undefined, 'http.request.uri.path': '/x' }, [0, 1, 3, 8]],
    ['an unknown path', { 'http.host': 'c.example', 'http.request.uri.path': undefined }, [2, 4]],
    ['an unknown text', { 'http.user_agent': undefined }, [5, 6, 7, 9, 10]],
    ['an unknown address', { 'ip.src': undefined }, [11, 12]],
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

  test('leaves out other groups than that of a text which every request has', () => {
    const rules = Array.from({ length: 100 }, (_, i) =>
      loadRule(`http.user_agent contains "${i === 70 ? 'M' : `x${i}`}"`),
    );
    const { candidates: found } = createRuleIndex(rules.map(({ requirement }) => requirement));
    const positions = found([contextOf({ 'http.user_agent': 'Mozilla' })]);
    expect(positions).toContain(70);
    expect(positions.length).toBeLessThan(50);
  });

  test('of no rules is empty', () => {
    expect(createRuleIndex([]).candidates([contextOf({})])).toEqual([]);
  });
});
