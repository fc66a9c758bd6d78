// Which parts of a rule were true, false or unknown, with their place in the source.

import { expect, test } from 'vitest';
import type { Explanation } from '../../../gateway/rules/explain.ts';
import { everyField, loadRule, type RuleRequest } from '../../support/gateway/rules/rule-request.ts';

const REQUEST: RuleRequest = {
  'http.request.uri.path': '/login',
  'http.request.headers.names': ['accept', 'x-debug'],
  'ip.src': '198.51.100.7',
  ssl: false,
  'cf.bot_management.score': undefined,
};

/** Each part with its outcome, indented by what contains it. */
function linesOf({ text, outcome, parts }: Explanation, indent = ''): string[] {
  const word = (one: unknown): string => (one === undefined ? 'unknown' : String(one));
  const shown = Array.isArray(outcome) ? `[${outcome.map(word).join(' ')}]` : word(outcome);
  return [`${indent}${shown}: ${text}`, ...parts.flatMap((part) => linesOf(part, `${indent}  `))];
}

const explain = (source: string): string[] => linesOf(loadRule(source).explain(everyField.createContext(REQUEST)));

test('an explanation evaluates every part, also behind one that decides', () => {
  expect(
    explain('http.request.uri.path contains "/login" and (not ip.src in $office and cf.bot_management.score < 30)'),
  ).toEqual([
    'unknown: http.request.uri.path contains "/login" and (not ip.src in $office and cf.bot_management.score < 30)',
    '  true: http.request.uri.path contains "/login"',
    '  unknown: (not ip.src in $office and cf.bot_management.score < 30)',
    '    unknown: not ip.src in $office and cf.bot_management.score < 30',
    '      true: not ip.src in $office',
    '        false: ip.src in $office',
    '      unknown: cf.bot_management.score < 30',
  ]);
  expect(explain('ssl and cf.bot_management.score < 30')).toEqual([
    'false: ssl and cf.bot_management.score < 30',
    '  false: ssl',
    '  unknown: cf.bot_management.score < 30',
  ]);
});

test('an explanation shows the results for elements', () => {
  expect(
    explain('any(not http.request.headers.names[*] eq "accept" or http.request.headers.names[*] contains "x")'),
  ).toEqual([
    'true: any(not http.request.headers.names[*] eq "accept" or http.request.headers.names[*] contains "x")',
    '  [false true]: not http.request.headers.names[*] eq "accept" or http.request.headers.names[*] contains "x"',
    '    [false true]: not http.request.headers.names[*] eq "accept"',
    '      [true false]: http.request.headers.names[*] eq "accept"',
    '    [false true]: http.request.headers.names[*] contains "x"',
  ]);
  expect(explain('all(starts_with(http.request.headers.names[*], "x"))')).toEqual([
    'false: all(starts_with(http.request.headers.names[*], "x"))',
    '  [false true]: starts_with(http.request.headers.names[*], "x")',
  ]);
  expect(explain('any(http.request.headers.names[*] in $stale_names)')).toEqual([
    'unknown: any(http.request.headers.names[*] in $stale_names)',
    '  [unknown unknown]: http.request.headers.names[*] in $stale_names',
  ]);
});

test('an explanation has spans of the source', () => {
  const source = '  ssl or\n ip.src in {192.0.2.0/24}';
  const { parts } = loadRule(source).explain(everyField.createContext(REQUEST));
  expect(parts.map(({ span }) => source.slice(span.start, span.end))).toEqual(['ssl', 'ip.src in {192.0.2.0/24}']);
});
