// Sources of rules and their canonical text, which is parsed to the same rule again.

import { describe, expect, test } from 'vitest';
import { formatExpression } from '../../../gateway/rules/syntax/format-rule.ts';
import { MAX_DEPTH, parseExpression } from '../../../gateway/rules/syntax/parser.ts';

/** The same text where the source is canonical already. */
const VECTORS: readonly (readonly [source: string, canonical?: string])[] = [
  // The published example
  ['http.request.uri.path contains "/login" and (not ip.src in $cf.open_proxies and cf.bot_management.score < 30)'],
  // Logic, and how strongly its operators bind
  ['a'],
  ['  a\r\n\t ', 'a'],
  ['not a'],
  ['!a', 'not a'],
  ['! a', 'not a'],
  ['not not a'],
  ['!!a', 'not not a'],
  ['not(a)', 'not (a)'],
  ['a and b'],
  ['a && b', 'a and b'],
  ['a&&b', 'a and b'],
  ['a or b'],
  ['a || b', 'a or b'],
  ['a xor b'],
  ['a ^^ b', 'a xor b'],
  ['a and b and c'],
  ['a or b or c'],
  ['a xor b xor c'],
  ['a and b or c'],
  ['a or b and c'],
  ['a xor b or c xor d and e'],
  ['(a or b) and c'],
  ['a and (b or c)'],
  ['a and (b and c)'],
  ['((a))'],
  ['( a )', '(a)'],
  ['not a and b'],
  ['not (a and b)'],
  ['not a eq 1', 'not a == 1'],
  ['a\nand\nb', 'a and b'],
  ['a and not b'],
  ['a and(b)', 'a and (b)'],
  ['(a)and(b)', '(a) and (b)'],
  // Keywords end where words end: these are fields.
  ['notssl'],
  ['andy and orson or xora'],
  ['not_a'],
  ['a.not.b'],
  // Comparisons
  ['a eq 1', 'a == 1'],
  ['a == 1'],
  ['a==1', 'a == 1'],
  ['a ne 1', 'a != 1'],
  ['a!=1', 'a != 1'],
  ['a lt 1', 'a < 1'],
  ['a le 1', 'a <= 1'],
  ['a gt 1', 'a > 1'],
  ['a ge 1', 'a >= 1'],
  ['a<1', 'a < 1'],
  ['a<=1', 'a <= 1'],
  ['a>1', 'a > 1'],
  ['a>=1', 'a >= 1'],
  ['a contains "x"'],
  ['a contains"x"', 'a contains "x"'],
  ['a matches "x"'],
  ['a ~ "x"', 'a matches "x"'],
  ['a~"x"', 'a matches "x"'],
  ['a wildcard "x*"'],
  ['a strict wildcard "x*"'],
  ['a strict   wildcard "x*"', 'a strict wildcard "x*"'],
  ['a eq "x"and b', 'a == "x" and b'],
  // Sets and lists
  ['a in {1}'],
  ['a in { 1 }', 'a in {1}'],
  ['a in{1 2}', 'a in {1 2}'],
  ['a in {1 1 2}'],
  ['a in {1..5 7 -3..-1}'],
  ['a in {"x" "y"}'],
  ['a in {"x""y"}', 'a in {"x" "y"}'],
  ['a in {r"x" "y"}', 'a in {"x" "y"}'],
  ['a in {192.0.2.1 192.0.2.0/24 192.0.2.1..192.0.2.9}'],
  ['a in {\n  192.0.2.1\n  2001:db8::/32\n}', 'a in {192.0.2.1 2001:db8::/32}'],
  ['a in $office'],
  ['a in $cf.open_proxies'],
  ['a in $a.b.c_1'],
  ['a in$office', 'a in $office'],
  // Integers
  ['a == 0'],
  ['a == -0', 'a == 0'],
  ['a == 00', 'a == 0'],
  ['a == -17'],
  ['a == 0x1f', 'a == 31'],
  ['a == 0X1F', 'a == 31'],
  ['a == 017', 'a == 15'],
  ['a == 9007199254740990'],
  ['a == -9007199254740990'],
  ['a in {0x10..020}', 'a in {16..16}'],
  // Addresses
  ['a == 192.0.2.1'],
  ['a == 2001:DB8:0::1', 'a == 2001:db8::1'],
  ['a == ::'],
  ['a == ::1'],
  ['a == fe80::1'],
  ['a == ::ffff:192.0.2.1', 'a == 192.0.2.1'],
  ['a in {0.0.0.0/0 ::/0}'],
  ['a in {192.0.2.1/32 2001:db8::1/128}'],
  ['a in {::ffff:192.0.2.0/120}', 'a in {192.0.2.0/24}'],
  ['a in {2001:db8::1..2001:db8::ff}'],
  // Strings
  ['a == ""'],
  ['a == "é"', 'a == "é"'],
  ['a == "日本"'],
  ['a == "\\xc3\\xa9"', 'a == "é"'],
  ['a == "\\xe9"'],
  ['a == "é\\xe9"', 'a == "\\xc3\\xa9\\xe9"'],
  ['a == "\\x41\\102"', 'a == "AB"'],
  ['a == "\\x0a\\000"', 'a == "\\x0a\\x00"'],
  ['a == "\\377"', 'a == "\\xff"'],
  ['a == "x\\"y"'],
  ['a == "x\\\\y"'],
  ['a == "x\ny"', 'a == "x\\x0ay"'],
  ['a == "x\u00a0\u202ey"', 'a == "x\\xc2\\xa0\\xe2\\x80\\xaey"'],
  ['a == "\ud800"', 'a == "\ufffd"'],
  ['a == r"x\\y"', 'a == "x\\\\y"'],
  ['a == r#"x"y"#', 'a == "x\\"y"'],
  ['a == r##"x"#y"##', 'a == "x\\"#y"'],
  ['a == r"#"', 'a == "#"'],
  ['a == r""', 'a == ""'],
  [`a == r${'#'.repeat(255)}"x"${'#'.repeat(255)}`, 'a == "x"'],
  // Regular expressions keep their backslashes.
  ['a matches "\\.php$"'],
  ['a matches "a\\"b"'],
  ['a matches "a\\"#b"'],
  ['a matches "[^"]+"'],
  ['a matches "[\\]"]x"'],
  ['a matches "\\[\\"x"'],
  ['a matches r"\\.php$"', 'a matches "\\.php$"'],
  ['a matches r#"a"b"#', 'a matches "a\\"b"'],
  ['a matches r#"a\\"b"#'],
  ['a matches r##"a\\"#b"##'],
  ['a matches r#"[[:alpha:]"]"#', 'a matches "[[:alpha:]\\"]"'],
  ['a matches "(?i)^/(wp-login|xmlrpc)\\.php"'],
  ['a matches ""'],
  // Indexes
  ['a[0]'],
  ['a[ 0 ]', 'a[0]'],

  ['a["k"]'],
  ['a[r"k"]', 'a["k"]'],
  ['a["k"][0]'],
  ['a["k"][*]'],
  ['a[*]["k"][2]'],
  ['a[4294967295]'],
  // Functions
  ['f()'],
  ['f( )', 'f()'],
  ['f (a)', 'f(a)'],
  ['f(a)'],
  ['f(a,b)', 'f(a, b)'],
  ['f( a , 1 , "x" )', 'f(a, 1, "x")'],
  ['f(-1, 0x10)', 'f(-1, 16)'],
  ['f(g(h(a)))'],
  ['f(a)[0] == 1'],
  ['f(a[*])[*] contains "x"'],
  ['any(a[*] == "x")'],
  ['any(a[*] eq "x" or a[*] eq "y")', 'any(a[*] == "x" or a[*] == "y")'],
  ['any((a[*] == "x"))'],
  ['all(not a[*] in {3 4})'],
  ['f(r"x")', 'f("x")'],
];

/** The tree without its spans. */
const withoutSpans = (node: unknown): unknown =>
  JSON.parse(JSON.stringify(node, (key, value) => (/span$/i.test(key) ? undefined : value)));

describe('the canonical text', () => {
  test.each(VECTORS.map(([source, canonical = source]) => [source, canonical] as const))(
    'of %s',
    (source, canonical) => {
      const expression = parseExpression(source);
      const text = formatExpression(expression);
      expect(text).toBe(canonical);
      expect(withoutSpans(parseExpression(text))).toEqual(withoutSpans(expression));
      expect(formatExpression(parseExpression(text))).toBe(text);
    },
  );

  test('joins items of one operator, and keeps parentheses', () => {
    expect(withoutSpans(parseExpression('a and b and c or d'))).toEqual({
      kind: 'logic',
      operator: 'or',
      items: [{ kind: 'logic', operator: 'and', items: ['a', 'b', 'c'].map((name) => testOf(name)) }, testOf('d')],
    });
    expect(withoutSpans(parseExpression('a and (b and c)'))).toEqual({
      kind: 'logic',
      operator: 'and',
      items: [
        testOf('a'),
        { kind: 'group', item: { kind: 'logic', operator: 'and', items: [testOf('b'), testOf('c')] } },
      ],
    });
  });

  test('negates the next comparison alone', () => {
    expect(withoutSpans(parseExpression('not a and b'))).toEqual({
      kind: 'logic',
      operator: 'and',
      items: [{ kind: 'not', item: testOf('a') }, testOf('b')],
    });
  });

  test('can be nested as deep as is allowed', () => {
    const source = `${'('.repeat(MAX_DEPTH)}a${')'.repeat(MAX_DEPTH)}`;
    expect(formatExpression(parseExpression(source))).toBe(source);
  });

  test('spans cover the parts of the source', () => {
    const source = ' any( lower(a["k"][*])[*] eq "x" )  and not b ';
    const spans: string[] = [];
    JSON.stringify(parseExpression(source), (key, value: { start: number; end: number }) => {
      if (/span$/i.test(key)) spans.push(source.slice(value.start, value.end));
      return value;
    });
    expect(new Set(spans)).toEqual(
      new Set([
        source.trim(),
        'any( lower(a["k"][*])[*] eq "x" )',
        'any',
        'lower(a["k"][*])[*] eq "x"',
        'lower(a["k"][*])[*]',
        'lower(a["k"][*])',
        'lower',
        'a["k"][*]',
        'a',
        '["k"]',
        '[*]',
        'eq',
        '"x"',
        'not b',
        'b',
      ]),
    );
  });
});

const testOf = (name: string) => ({
  kind: 'test',
  value: { kind: 'value', base: { kind: 'field', name }, indexes: [] },
});
