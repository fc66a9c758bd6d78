// Malformed rules: the code of each error, and the span of the source that it points to.

import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, MAX_SOURCE_LENGTH, parseExpression } from '../../../gateway/rules/syntax/parser.ts';
import { RuleError, type RuleErrorCode } from '../../../gateway/rules/syntax/rule-error.ts';
import { readMarked } from '../../support/gateway/rules/marked-span.ts';

const VECTORS: readonly (readonly [RuleErrorCode, marked: string])[] = [
  ['RULE_EMPTY', '«»'],
  ['RULE_EMPTY', '« » \n '],
  // Where an expression is expected
  ['EXPRESSION_EXPECTED', 'a and«»'],
  ['EXPRESSION_EXPECTED', 'a or «)»'],
  ['EXPRESSION_EXPECTED', '«&»& a'],
  ['EXPRESSION_EXPECTED', '(«)»'],
  ['EXPRESSION_EXPECTED', 'not«»'],
  ['EXPRESSION_EXPECTED', '«"»a" == b'],
  ['EXPRESSION_EXPECTED', '«5» < a'],
  ['EXPRESSION_EXPECTED', '«$office»'],
  ['EXPRESSION_EXPECTED', 'a and «|»| b'],
  ['EXPRESSION_EXPECTED', '«[»0]'],
  ['EXPRESSION_EXPECTED', 'f(«,»a)'],
  ['EXPRESSION_EXPECTED', 'f(a,«)»'],
  ['EXPRESSION_EXPECTED', '«é» == 1'],
  ['EXPRESSION_EXPECTED', '«#» a comment'],
  // Where an operator is expected
  ['OPERATOR_EXPECTED', 'a «b»'],
  ['OPERATOR_EXPECTED', 'a «is» "x"'],
  ['OPERATOR_EXPECTED', 'a «=» "x"'],
  ['OPERATOR_EXPECTED', 'a «EQ» "x"'],
  ['OPERATOR_EXPECTED', 'a «starts_with» "x"'],
  ['OPERATOR_EXPECTED', 'a «equals» 1'],
  ['OPERATOR_EXPECTED', 'a «not» in {1}'],
  ['OPERATOR_EXPECTED', 'a «AND» b'],
  ['OPERATOR_EXPECTED', 'a «|» b'],
  ['OPERATOR_EXPECTED', 'a «^» b'],
  ['OPERATOR_EXPECTED', 'a «"»x"'],
  ['OPERATOR_EXPECTED', 'a «!» b'],
  ['OPERATOR_EXPECTED', 'a «andb»'],
  ['OPERATOR_EXPECTED', 'a «containsx» "x"'],
  ['TEXT_LEFT', 'a == 1 «b»'],
  ['TEXT_LEFT', 'a == 1«)»'],
  ['TEXT_LEFT', '(a) «(»b)'],
  ['TEXT_LEFT', 'a == 1 «==» 1'],
  ['TEXT_LEFT', 'a == "x"«"»y"'],
  ['TEXT_LEFT', 'a == 1 «;»'],
  // Where a literal is expected
  ['LITERAL_EXPECTED', 'a ==«»'],
  ['LITERAL_EXPECTED', 'a == «b»'],
  ['LITERAL_EXPECTED', 'a == «true»'],
  ['LITERAL_EXPECTED', 'a == «http.host»'],
  ['LITERAL_EXPECTED', 'a == «$office»'],
  ['LITERAL_EXPECTED', 'a == «{»1}'],
  ['LITERAL_EXPECTED', 'a == «(»1)'],
  ['LITERAL_EXPECTED', "a == «'»x'"],
  ['LITERAL_EXPECTED', 'a == «face»'],
  ['LITERAL_EXPECTED', 'a contains «1»'],
  ['LITERAL_EXPECTED', 'a contains«»'],
  ['LITERAL_EXPECTED', 'a contains «{»"x"}'],
  ['LITERAL_EXPECTED', 'a matches «x»'],
  ['LITERAL_EXPECTED', 'a ~ «1»'],
  ['LITERAL_EXPECTED', 'a wildcard «x»'],
  ['LITERAL_EXPECTED', 'a in {«b»}'],
  ['LITERAL_EXPECTED', 'a in {1 «$b»}'],
  // Signs
  ['TOKEN_EXPECTED', '«(»a'],
  ['TOKEN_EXPECTED', '«(»(a)'],
  ['TOKEN_EXPECTED', '(a == 1 «]»'],
  ['TOKEN_EXPECTED', 'f«(»a'],
  ['TOKEN_EXPECTED', 'f«(»'],
  ['TOKEN_EXPECTED', 'f(1 «2»)'],
  ['TOKEN_EXPECTED', 'f("a" «"»b")'],
  ['TOKEN_EXPECTED', 'f("a" «==» b)'],
  ['TOKEN_EXPECTED', 'a«[»0'],
  ['TOKEN_EXPECTED', 'a[0«)»'],
  ['TOKEN_EXPECTED', 'a["k" «"»x"]'],
  ['TOKEN_EXPECTED', 'a strict «"»x"'],
  ['TOKEN_EXPECTED', 'a in «192.0.2.0»/24'],
  ['TOKEN_EXPECTED', 'a in «"»x"'],
  ['TOKEN_EXPECTED', 'a in «b»'],
  ['TOKEN_EXPECTED', 'a in«»'],
  ['TOKEN_EXPECTED', 'a in «{»1'],
  ['TOKEN_EXPECTED', 'a in {1«,» 2}'],
  ['SET_EMPTY', 'a in «{}»'],
  ['SET_EMPTY', 'a in «{ }»'],
  ['LIST_NAME', 'a in «$»'],
  ['LIST_NAME', 'a in «$.a»'],
  ['LIST_NAME', 'a in «$a.»'],
  ['LIST_NAME', 'a in «$a..b»'],
  ['LIST_NAME', 'a in «$Office»'],
  // Strings
  ['STRING_UNTERMINATED', 'a == «"x»'],
  ['STRING_UNTERMINATED', 'a == «"»'],
  ['STRING_UNTERMINATED', 'a == "x«\\»'],
  ['STRING_UNTERMINATED', 'a == «r"x»'],
  ['STRING_UNTERMINATED', 'a == «r#"x"»'],
  ['STRING_UNTERMINATED', 'a == «r##"x"#»'],
  ['STRING_UNTERMINATED', 'a matches «"x»'],
  ['STRING_UNTERMINATED', 'a matches «"[x"»'],
  ['STRING_UNTERMINATED', 'a matches «"x\\"»'],
  ['STRING_ESCAPE', 'a == "x«\\n»"'],
  ['STRING_ESCAPE', 'a == "«\\q»"'],
  ['STRING_ESCAPE', 'a == "«\\x»4"'],
  ['STRING_ESCAPE', 'a == "«\\x»4é"'],
  ['STRING_ESCAPE', 'a == "«\\0»"'],
  ['STRING_ESCAPE', 'a == "«\\4»00"'],
  ['STRING_ESCAPE', 'a == "«\\8»"'],
  ['STRING_HASHES', `a == «r${'#'.repeat(256)}»"x"${'#'.repeat(256)}`],
  // Integers, addresses, ranges
  ['LITERAL_MALFORMED', 'a == «08»'],
  ['LITERAL_MALFORMED', 'a == «0x»'],
  ['LITERAL_MALFORMED', 'a == «0xg»'],
  ['LITERAL_MALFORMED', 'a == «12a»'],
  ['LITERAL_MALFORMED', 'a == «1_000»'],
  ['LITERAL_MALFORMED', 'a == «-»'],
  ['LITERAL_MALFORMED', 'a == «--1»'],
  ['LITERAL_MALFORMED', 'a == «-0x1»'],
  ['LITERAL_MALFORMED', 'a == «1.5»'],
  ['LITERAL_MALFORMED', 'a == «1.2.3»'],
  ['LITERAL_MALFORMED', 'a == «1.2.3.256»'],
  ['LITERAL_MALFORMED', 'a == «1.2.3.4.5»'],
  ['LITERAL_MALFORMED', 'a == «:::»'],
  ['LITERAL_MALFORMED', 'a == «2001:db8:::1»'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.0/33»}'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.0/»}'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.0/024»}'],
  ['LITERAL_MALFORMED', 'a in {«2001:db8::/129»}'],
  ['LITERAL_MALFORMED', 'a in {«1..»}'],
  ['LITERAL_MALFORMED', 'a in {«1..2..3»}'],
  ['LITERAL_MALFORMED', 'a in {1..«08»}'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.1..5»}'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.1..2001:db8::1»}'],
  ['LITERAL_MALFORMED', 'a in {«192.0.2.1..192.0.2.0/24»}'],
  ['LITERAL_MALFORMED', 'f(«1a»)'],
  ['INTEGER_RANGE', 'a == «9007199254740991»'],
  ['INTEGER_RANGE', 'a == «-9007199254740991»'],
  ['INTEGER_RANGE', 'a == «0xffffffffffffffff»'],
  ['INTEGER_RANGE', 'a in {1..«99999999999999999999»}'],
  ['RANGE_ORDER', 'a in {«5..3»}'],
  ['RANGE_ORDER', 'a in {1 «-1..-5»}'],
  ['RANGE_ORDER', 'a in {«192.0.2.9..192.0.2.1»}'],
  ['RANGE_ORDER', 'a in {«2001:db8::2..2001:db8::1»}'],
  ['NETWORK_HOST_BITS', 'a in {«192.0.2.1/24»}'],
  ['NETWORK_HOST_BITS', 'a in {«2001:db8::1/32»}'],
  ['INDEX_EXPECTED', 'a[«-1»]'],
  ['INDEX_EXPECTED', 'a[«x»]'],
  ['INDEX_EXPECTED', 'a[«]»'],
  ['INDEX_EXPECTED', 'a[«01»]'],
  ['INDEX_EXPECTED', 'a[«0x1»]'],
  ['INDEX_EXPECTED', 'a[«4294967296»]'],
  // Left out on purpose
  ['NOT_SUPPORTED', 'a «bitwise_and» 1'],
  ['NOT_SUPPORTED', 'a «&» 1'],
  ['NOT_SUPPORTED', 'a == «61:62»'],
  ['NOT_SUPPORTED', 'a == «61-62»'],
  ['NOT_SUPPORTED', 'a in {«61.62»}'],
  // Bounds
  ['RULE_TOO_DEEP', `${'('.repeat(MAX_DEPTH)}«(»a`],
  ['RULE_TOO_DEEP', `${'not '.repeat(MAX_DEPTH)}«not» a`],
  ['RULE_TOO_DEEP', `${'f('.repeat(MAX_DEPTH)}«f(»a`],
  ['RULE_TOO_LONG', `${'a'.repeat(MAX_SOURCE_LENGTH)}«a»`],
];

function errorOf(source: string): RuleError {
  try {
    parseExpression(source);
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error(`${source} is parsed`);
}

describe('a malformed rule', () => {
  test.each(VECTORS)('is a %s: %s', (code, marked) => {
    const { source, span } = readMarked(marked);
    const error = errorOf(source);
    expect({ code: error.code, span: error.span }).toEqual({ code, span });
    expect(error.message).toMatch(/^[A-Z`].*\.$/s);
    expect(error.hint).toMatch(/.+[.…]$/s);
  });

  test('is shown by its line, with carets below the place', () => {
    const error = errorOf('http.host eq "a" and\r\n  http.referer is "b" and\n  ssl');
    expect(error).toMatchObject({ line: 2, column: 16 });
    expect(error.excerpt).toBe('  http.referer is "b" and\n               ^^');
    expect(error.message).toBe('An operator is expected where `is` stands.');
  });

  test('with a long line is shown around the place', () => {
    const error = errorOf(`${'a or '.repeat(100)}b is ${'or a '.repeat(100)}`);
    const [line = '', carets = ''] = error.excerpt.split('\n');
    expect(line.length).toBeLessThanOrEqual(100);
    expect(line.slice(carets.indexOf('^'), carets.length)).toBe('is');
  });

  test('shows no control character to a terminal', () => {
    const error = errorOf('\u001b[31m"x" == a');
    expect(error.excerpt).not.toContain('\u001b');
    expect(error.message).not.toContain('\u001b');
  });
});

describe('the key of an HMAC', () => {
  test.each([
    'is_timed_hmac_valid_v0("topsecret", a b)',
    'is_timed_hmac_valid_v0(  "topsecret" b)',
    'is_timed_hmac_valid_v0("topsecret',
    'is_timed_hmac_valid_v0(r#"topsecret"#, a b)',
    'is_timed_hmac_valid_v0 (r"topsecret", a b)',
    'is_timed_hmac_valid_v0(concat("topsecret"), a b)',
    'is_timed_hmac_valid_v0(topsecret b)',
    'is_timed_hmac_valid_v0("x\\"topsecret", a b)',
    'a b and is_timed_hmac_valid_v0("topsecret", c)',
  ])('is masked in the error of %s', (source) => {
    const { message, hint, excerpt } = errorOf(source);
    expect(excerpt).toMatch(/\*{9}/);
    expect(`${message} ${hint} ${excerpt}`).not.toContain('topsecret');
  });
});
