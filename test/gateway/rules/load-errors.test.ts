// Well-formed rules that cannot be loaded: names, types, arguments, patterns, lists, phases.

import { describe, expect, test } from 'vitest';
import { compileRule, parseRule } from '../../../gateway/rules/rule.ts';
import { createScheme } from '../../../gateway/rules/scheme.ts';
import { RuleError, type RuleErrorCode } from '../../../gateway/rules/syntax/rule-error.ts';
import { readMarked } from '../../support/gateway/rules/marked-span.ts';
import { loadRule, readersOf, someLists } from '../../support/gateway/rules/rule-request.ts';

/** With a part of the hint, where it names what was presumably meant. */
const VECTORS: readonly (readonly [RuleErrorCode, marked: string, hint?: string])[] = [
  // Names
  ['FIELD_UNKNOWN', '«http.request.path» contains "/login"', '`http.request.uri.path`?'],
  ['FIELD_UNKNOWN', '«http.response.status» eq 1', '`http.response.code`?'],
  ['FIELD_UNKNOWN', '«http.response.body» eq "a"', '`credveil.response.body`?'],
  ['FIELD_UNKNOWN', '«http.request.banana» eq "a"', 'docs/gateway-rules.md'],
  ['FIELD_UNKNOWN', '«http.hots» eq "a"', '`http.host`?'],
  ['FIELD_UNKNOWN', '«HTTP.HOST» eq "a"', '`http.host`?'],
  ['FIELD_UNKNOWN', '«ip.source» in {192.0.2.1}', '`ip.src`?'],
  ['FIELD_UNKNOWN', '«notssl»', '`not ssl`?'],
  ['FIELD_UNKNOWN', '«http.request.header»["a"][0] eq "b"', '`http.request.headers`?'],
  ['FIELD_UNKNOWN', '«cf.bot.score» < 30', '`cf.bot_management.score`?'],
  ['FIELD_UNKNOWN', '«something.else»'],
  ['FIELD_UNKNOWN', '«http.host.» eq "a"', '`http.host`?'],
  ['FIELD_UNKNOWN', '«__proto__»'],
  ['FIELD_UNKNOWN', '«constructor»'],
  ['FIELD_UNKNOWN', '«lower» eq "a"', 'lower(…)'],
  ['FUNCTION_UNKNOWN', '«lowercase»(http.host) eq "a"'],
  ['FUNCTION_UNKNOWN', '«start_with»(http.host, "a")', '`starts_with`?'],
  ['FUNCTION_UNKNOWN', '«urldecode»(http.host) eq "a"', '`url_decode`?'],
  ['FUNCTION_UNKNOWN', '«http.host»() eq "a"', 'parentheses'],
  ['FUNCTION_UNKNOWN', '«toString»(ssl) eq "a"'],
  ['NOT_SUPPORTED', '«regex_replace»(http.host, "a", "b") eq "c"', '`matches`'],
  ['NOT_SUPPORTED', '«wildcard_replace»(http.host, "a", "b") eq "c"', '`wildcard`'],
  ['NOT_SUPPORTED', '«remove_query_args»(http.request.uri.query, "a") eq "c"', 'http.request.uri.args'],
  ['NOT_SUPPORTED', '«uuidv4»(http.host) eq "c"'],
  ['NOT_SUPPORTED', '«remove_bytes»(http.host, "a") eq "c"'],
  ['NOT_SUPPORTED', '«bit_slice»(http.host, 1, 2) eq 3'],
  // Truth
  ['TYPE_MISMATCH', '«http.host»', '== "…"'],
  ['TYPE_MISMATCH', '«http.response.code»', '== 1'],
  ['TYPE_MISMATCH', '«ip.src»', '192.0.2.1'],
  ['TYPE_MISMATCH', 'ssl and «http.host»'],
  ['TYPE_MISMATCH', 'not «http.host»'],
  ['TYPE_MISMATCH', '«http.request.headers»', '["key"]'],
  ['TYPE_MISMATCH', '«http.request.headers["a"]»', '[0]'],
  ['TYPE_MISMATCH', '«lower(http.host)»'],
  ['TYPE_MISMATCH', 'any(«http.request.headers.names[*]»)'],
  ['TYPE_MISMATCH', 'any(«http.request.headers.names»)'],
  // Literals
  ['TYPE_MISMATCH', 'http.host eq «1»', 'string in quotes'],
  ['TYPE_MISMATCH', 'http.host eq «192.0.2.1»', 'string in quotes'],
  ['TYPE_MISMATCH', 'http.response.code eq «"403"»', 'integer'],
  ['TYPE_MISMATCH', 'ip.src eq «"192.0.2.1"»', 'an address'],
  ['TYPE_MISMATCH', 'ip.src eq «1»', 'an address'],
  ['TYPE_MISMATCH', 'ip.src eq «192.0.2.0/24»', 'in {192.0.2.0/24}'],
  ['TYPE_MISMATCH', 'http.response.code in {403 «"404"»}'],
  ['TYPE_MISMATCH', 'http.host in {"a" «1..2»}'],
  ['TYPE_MISMATCH', 'ip.src in {192.0.2.1 «1»}'],
  ['TYPE_MISMATCH', 'len(http.host) eq «"1"»'],
  ['TYPE_MISMATCH', 'cidr(ip.src, 24, 48) eq «192.0.2.0/24»'],
  // Operators
  ['OPERATOR_TYPE', 'ssl «eq» 1', '`not ssl`'],
  ['OPERATOR_TYPE', 'ssl «contains» "a"'],
  ['OPERATOR_TYPE', 'ip.src «contains» "192"', 'networks'],
  ['OPERATOR_TYPE', 'ip.src «matches» "^192"', 'networks'],
  ['OPERATOR_TYPE', 'http.response.code «matches» "40."'],
  ['OPERATOR_TYPE', 'http.response.code «wildcard» "40*"'],
  ['OPERATOR_TYPE', 'http.response.code «strict wildcard» "40*"'],
  ['OPERATOR_TYPE', 'http.response.code «in» $office', 'into the rule'],
  ['OPERATOR_TYPE', 'http.request.headers «eq» "a"', '["key"][0]'],
  ['OPERATOR_TYPE', 'http.request.headers["a"] «eq» "a"', 'any(http.request.headers["a"][*] eq'],
  ['OPERATOR_TYPE', 'http.request.headers.names «contains» "a"', 'any('],
  ['OPERATOR_TYPE', 'any(http.request.headers[*] «eq» "a")'],
  // Indexes
  ['INDEX_TYPE', 'http.host«[0]» eq "a"'],
  ['INDEX_TYPE', 'http.host«["a"]» eq "a"'],
  ['INDEX_TYPE', 'any(http.host«[*]» eq "a")'],
  ['INDEX_TYPE', 'http.request.headers«[0]» eq "a"'],
  ['INDEX_TYPE', 'http.request.headers.names«["a"]» eq "a"'],
  ['INDEX_TYPE', 'http.request.headers["a"][0]«[0]» eq "a"'],
  ['INDEX_TYPE', 'lower(http.host)«[0]» eq "a"'],
  ['INDEX_TYPE', 'ssl«[0]»'],
  ['INDEX_TYPE', 'any(split(«http.request.headers.names[*]», ",", 3)[*] eq "a")'],
  ['KEY_CASE', 'http.request.headers«["User-Agent"]»[0] eq "a"', '["user-agent"]'],
  ['KEY_CASE', 'any(http.response.headers«["X-A"]»[*] eq "a")', '["x-a"]'],
  // Elements
  ['EACH_OUTSIDE', '«http.request.headers.names[*] eq "a"»', 'any(…)'],
  ['EACH_OUTSIDE', '«not http.request.headers.names[*] eq "a"»'],
  ['EACH_OUTSIDE', '«starts_with(http.request.headers.names[*], "a")»'],
  ['EACH_OUTSIDE', '«lower(http.request.headers.names[*])[*] eq "a"»'],
  ['TYPE_MISMATCH', 'ssl and «http.request.headers.names[*] eq "a"»'],
  ['TYPE_MISMATCH', '«http.request.headers.names[*] eq "a"» or ssl'],
  ['TYPE_MISMATCH', 'any(«http.request.headers.names[*] eq "a"» and ssl)'],
  ['EACH_OF_TWO', 'any(http.request.headers.names[*] eq "a" or «http.request.headers.values[*] eq "a"»)', 'of its own'],
  ['EACH_OF_TWO', 'any(http.request.headers["a"][*] eq "a" and «http.request.headers["b"][*] eq "a"»)'],
  [
    'EACH_OF_TWO',
    'any(http.request.headers["a"][*] eq "a" and «lookup_json_string(http.request.headers["a"][*], "k")[*] eq "a"»)',
  ],
  ['EACH_NOT_FIRST', 'starts_with(http.host, «http.request.headers.names[*]»)'],
  ['EACH_NOT_FIRST', 'concat(http.host, «http.request.headers.names[*]») eq "a"'],
  // Arguments
  ['ARGUMENT_COUNT', '«lower()» eq "a"'],
  ['ARGUMENT_COUNT', 'lower(http.host, «http.host») eq "a"', 'lower(source)'],
  ['ARGUMENT_COUNT', '«starts_with(http.host)»'],
  ['ARGUMENT_COUNT', 'url_decode(http.host, "r", «"u"») eq "a"'],
  ['ARGUMENT_COUNT', '«concat(http.host)» eq "a"'],
  ['ARGUMENT_COUNT', '«lookup_json_string(http.host)» eq "a"'],
  ['ARGUMENT_COUNT', '«any()»'],
  ['ARGUMENT_COUNT', 'any(http.request.headers.names[*] eq "a", «http.request.headers.names[*] eq "b"»)'],
  ['ARGUMENT_COUNT', '«split(http.host, ",")»[0] eq "a"'],
  ['ARGUMENT_COUNT', '«is_timed_hmac_valid_v0("k", http.request.uri, 10)»'],
  ['ARGUMENT_TYPE', 'lower(«ssl») eq "a"'],
  ['ARGUMENT_TYPE', 'lower(«http.request.headers.names»)[0] eq "a"', '[*]'],
  ['ARGUMENT_TYPE', 'len(«ip.src») eq 1'],
  ['ARGUMENT_TYPE', 'cidr(«http.host», 24, 48) eq 192.0.2.1'],
  ['ARGUMENT_TYPE', 'starts_with(http.host, «1»)'],
  ['ARGUMENT_TYPE', 'to_string(«http.host») eq "a"'],
  ['ARGUMENT_TYPE', 'lower(«http.host eq "a"») eq "a"'],
  ['ARGUMENT_TYPE', 'to_string(«not ssl») eq "a"'],
  ['ARGUMENT_TYPE', 'any(«ssl»)'],
  ['ARGUMENT_TYPE', 'all(«http.host eq "a"»)'],
  ['ARGUMENT_TYPE', 'any(«"a"»)'],
  ['ARGUMENT_TYPE', 'concat(http.host, «http.request.headers.names») eq "a"'],
  ['ARGUMENT_TYPE', 'concat(«ip.src», "a") eq "a"'],
  ['ARGUMENT_TYPE', 'substring(http.host, «"a"») eq "a"'],
  ['ARGUMENT_TYPE', 'substring(http.host, «1..2») eq "a"'],
  ['ARGUMENT_TYPE', 'join(«http.host», ",") eq "a"'],
  ['ARGUMENT_LITERAL', 'lower(«"A"») eq "a"'],
  ['ARGUMENT_LITERAL', 'starts_with(«"a"», "a")'],
  ['ARGUMENT_LITERAL', 'url_decode(«"a"») eq "a"'],
  ['ARGUMENT_LITERAL', 'cidr(«192.0.2.1», 24, 48) eq 192.0.2.0'],
  ['ARGUMENT_LITERAL', 'cidr(ip.src, «http.response.code», 48) eq 192.0.2.0'],
  ['ARGUMENT_LITERAL', 'split(http.host, «http.referer», 3)[0] eq "a"'],
  ['ARGUMENT_LITERAL', 'lookup_json_string(http.host, «http.referer») eq "a"'],
  ['ARGUMENT_LITERAL', 'is_timed_hmac_valid_v0(«http.host», http.request.uri, 10, http.request.timestamp.sec)'],
  ['ARGUMENT_VALUE', 'cidr(ip.src, «0», 48) eq 192.0.2.0', '1 to 32'],
  ['ARGUMENT_VALUE', 'cidr(ip.src, «33», 48) eq 192.0.2.0'],
  ['ARGUMENT_VALUE', 'cidr6(ip.src, «129») eq 192.0.2.0', '1 to 128'],
  ['ARGUMENT_VALUE', 'split(http.host, «""», 3)[0] eq "a"'],
  ['ARGUMENT_VALUE', 'split(http.host, ",", «0»)[0] eq "a"'],
  ['ARGUMENT_VALUE', 'split(http.host, ",", «129»)[0] eq "a"'],
  ['ARGUMENT_VALUE', 'url_decode(http.host, «"x"») eq "a"', '"r" and "u"'],
  ['ARGUMENT_VALUE', 'encode_base64(http.host, «"x"») eq "a"'],
  ['ARGUMENT_VALUE', 'lookup_json_string(http.host, «-1») eq "a"'],
  ['ARGUMENT_VALUE', 'is_timed_hmac_valid_v0(«""», http.request.uri, 10, http.request.timestamp.sec)'],
  ['ARGUMENT_VALUE', 'is_timed_hmac_valid_v0("k", http.request.uri, «0», http.request.timestamp.sec)'],
  ['ARGUMENT_VALUE', 'is_timed_hmac_valid_v0("k", http.request.uri, 1, http.request.timestamp.sec, 0, «"x"»)'],
  // Patterns
  ['PATTERN_MALFORMED', 'http.host matches "«(»a"'],
  ['PATTERN_MALFORMED', 'http.host matches "a«)»"'],
  ['PATTERN_MALFORMED', 'http.host matches r"«[»a"'],
  ['PATTERN_MALFORMED', 'http.host matches "«*»a"'],
  ['PATTERN_MALFORMED', 'http.host matches "a«{»"'],
  ['PATTERN_MALFORMED', 'http.host matches "a«{»2,1}"'],
  ['PATTERN_MALFORMED', 'http.host matches «"a\\"("»'],
  ['PATTERN_NOT_SUPPORTED', 'http.host matches "«(»?=a)"', 'two comparisons'],
  ['PATTERN_NOT_SUPPORTED', 'http.host matches "«(»?<!a)b"'],
  ['PATTERN_NOT_SUPPORTED', 'http.host matches r"(a)«\\»1"'],
  ['PATTERN_NOT_SUPPORTED', 'http.host matches r"«\\»p{Greek}"'],
  ['PATTERN_NOT_SUPPORTED', 'http.host matches "«é»"', '\\xc3\\xa9'],
  ['PATTERN_TOO_LARGE', 'http.host matches "a«{»1001}"'],
  ['PATTERN_TOO_LARGE', 'http.host matches "«(»a{100}){100}"'],
  ['WILDCARD_MALFORMED', 'http.host wildcard «"a**"»'],
  ['WILDCARD_MALFORMED', 'http.host wildcard «r"a\\b"»'],
  ['WILDCARD_MALFORMED', 'http.host strict wildcard «r"a\\"»'],
  // Lists
  ['LIST_UNKNOWN', 'ip.src in «$nowhere»', '`lists`'],
  ['LIST_TYPE', 'ip.src in «$names»'],
  ['LIST_TYPE', 'http.host in «$office»', 'ip.src'],
];

function errorOf(load: () => unknown): RuleError {
  try {
    load();
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error('The rule is loaded.');
}

describe('a rule that cannot be loaded', () => {
  test.each(VECTORS.map(([code, marked, hint = '']) => [code, marked, hint] as const))(
    'is a %s: %s',
    (code, marked, hint) => {
      const { source, span } = readMarked(marked);
      const error = errorOf(() => loadRule(source));
      expect({ code: error.code, span: error.span }).toEqual({ code, span });
      expect(error.hint).toContain(hint);
      expect(error.message).toMatch(/^[A-Z`$[a-z].*\.$/s);
    },
  );
});

describe('a gateway without some fields', () => {
  const PUBLISHED =
    'http.request.uri.path contains "/login" and (not ip.src in $cf.open_proxies and cf.bot_management.score < 30)';
  const names = ['http.host', 'http.request.uri.path', 'ip.src'];
  const requests = createScheme('request', readersOf([...names, 'http.response.code']));
  const load = (source: string) => compileRule(parseRule(source), requests, someLists);

  test('parses the published example, and refuses it for the bot score', () => {
    expect(parseRule(PUBLISHED).source).toBe(PUBLISHED);
    const error = errorOf(() => load(PUBLISHED));
    expect(error).toMatchObject({
      code: 'FIELD_NOT_COMPUTED',
      message: '`cf.bot_management.score` needs bot scores, which this version does not compute.',
    });
    expect(PUBLISHED.slice(error.span.start, error.span.end)).toBe('cf.bot_management.score');
  });

  test('loads the other half of it, and names what the rule reads', () => {
    const { fields, lists } = load('http.request.uri.path contains "/login" and not ip.src in $cf.open_proxies');
    expect([...fields]).toEqual(['http.request.uri.path', 'ip.src']);
    expect([...lists]).toEqual(['cf.open_proxies']);
  });

  test.each([
    ['http.response.code eq 403', 'FIELD_PHASE'],
    ['any(http.response.headers["a"][*] eq "b")', 'FIELD_PHASE'],
    ['ip.src.country eq "DE"', 'FIELD_NOT_COMPUTED'],
    ['cf.waf.credential_check.password_leaked', 'FIELD_NOT_COMPUTED'],
    ['credveil.network.leaked_share > 5', 'FIELD_NOT_COMPUTED'],
    ['lookup_json_string(http.request.body.raw, "user") eq "x"', 'FIELD_SECRET'],
    ['any(http.request.body.form["pwd"][*] contains "a")', 'FIELD_SECRET'],
    ['credveil.basic.password eq "x"', 'FIELD_SECRET'],
  ])('refuses %s with %s', (source, code) => {
    expect(errorOf(() => load(source)).code).toBe(code);
  });
});
