// Rules and requests with their outcome: logic, comparisons, sets, arrays, missing and unknown.

import { describe, expect, test } from 'vitest';
import { evaluateRule, type RuleRequest } from '../../support/gateway/rules/rule-request.ts';

/** Nobody computed the cookie, the query, the country or the score. There is no referer. */
const REQUEST: RuleRequest = {
  'http.host': 'www.example.com',
  'http.request.method': 'POST',
  'http.request.uri.path': '/wp-Login.php',
  'http.request.full_uri': 'https://www.example.com/a/page.html',
  'http.user_agent': 'curl/8.5.0 "x" \xc3\xa9\xff',
  'http.request.headers': {
    accept: ['text/html', 'text/plain'],
    'x-empty': [],
    'x-one': ['Alpha'],
    'x-two': ['a,b,c', 'd'],
  },
  'http.request.headers.names': ['Accept', 'X-One', 'X-Two'],
  'http.request.uri.args': { filter: ['waf', 'botm', 'cdn'] },
  'http.request.body.size': 512,
  'http.response.code': 403,
  'ip.src': '192.0.2.7',
  'cf.bot_management.detection_ids': [7, 9],
  ssl: true,
  'cf.tls_client_auth.cert_verified': false,
  'http.cookie': undefined,
  'http.request.uri.query': undefined,
  'ip.src.country': undefined,
  'cf.bot_management.score': undefined,
  'http.request.cookies': undefined,
};
const IPV6: RuleRequest = { ...REQUEST, 'ip.src': '2001:db8::7' };

const TRUE: readonly string[] = [
  // Logic: T is ssl, F is not ssl.
  'ssl',
  'not cf.tls_client_auth.cert_verified',
  'ssl and not cf.tls_client_auth.cert_verified',
  'not ssl or ssl',
  'ssl xor not ssl',
  'ssl xor ssl xor ssl',
  'ssl or ssl and not ssl',
  'ssl or ssl xor ssl',
  'not (ssl and not ssl)',
  'not ssl and not ssl or ssl',
  // Strings
  'http.host eq "www.example.com"',
  'http.host ne "example.com"',
  'http.host ne "WWW.example.com"',
  'http.host lt "x"',
  'http.host le "www.example.com"',
  'http.host ge "www.example.com"',
  'http.host gt "WWW"',
  'http.host gt "www"',
  'http.host contains "example"',
  'http.host contains ""',
  'http.user_agent contains "é"',
  'http.user_agent contains "\\xc3\\xa9\\xff"',
  'http.user_agent contains "\\xa9"',
  'http.user_agent matches "\\xff$"',
  'http.user_agent matches "^curl/[0-9.]+ "',
  'http.user_agent matches "\\"x\\""',
  'http.request.uri.path matches "(?i)/wp-login"',
  'http.request.uri.path wildcard "/WP-*.php"',
  'http.request.uri.path strict wildcard "/wp-*.php"',
  'http.request.full_uri wildcard "https://*.example.com/*/page.html"',
  'http.host in {"a" "www.example.com"}',
  'len(http.user_agent) eq 18',
  // Integers
  'http.response.code eq 403',
  'http.response.code in {401 403}',
  'http.response.code in {400..499}',
  'http.response.code in {500..599 400..402 403..410}',
  'http.response.code ge 0x193',
  'http.response.code lt 404',
  'http.request.body.size gt -1',
  // Addresses
  'ip.src eq 192.0.2.7',
  'ip.src ne 192.0.2.8',
  'ip.src lt 192.0.3.0',
  'ip.src ge 192.0.2.7',
  'ip.src in {192.0.2.0/24}',
  'ip.src in {192.0.2.7}',
  'ip.src in {::ffff:192.0.2.7}',
  'ip.src in {10.0.0.0/8 192.0.2.5..192.0.2.9 2001:db8::/32}',
  'ip.src in {192.0.2.0/30 192.0.2.4/30 192.0.2.4..192.0.2.5}',
  'ip.src in {0.0.0.0/0}',
  'not ip.src in {::/0}',
  'ip.src ne 2001:db8::7',
  'not ip.src lt 2001:db8::7',
  'not ip.src gt 2001:db8::7',
  'ip.src in $office',
  // Elements
  'any(http.request.headers["accept"][*] eq "text/plain")',
  'not any(http.request.headers["accept"][*] eq "text/css")',
  'all(http.request.headers["accept"][*] contains "text/")',
  'not all(http.request.headers["accept"][*] contains "html")',
  'any(not http.request.headers["accept"][*] contains "html")',
  'any(http.request.headers["accept"][*] contains "text" and http.request.headers["accept"][*] contains "html")',
  'any(http.request.headers["accept"][*] eq "x" or http.request.headers["accept"][*] eq "text/html")',
  'any(lower(http.request.headers.names[*])[*] eq "accept")',
  'any(lower(http.request.headers.names[*])[*] eq "accept" and http.request.headers.names[*] eq "Accept")',
  'all(len(http.request.uri.args["filter"][*])[*] in {3 4})',
  'not all(not len(http.request.uri.args["filter"][*])[*] in {3 4})',
  'any(starts_with(http.request.headers.names[*], "X-"))',
  'any(not starts_with(http.request.headers.names[*], "X-"))',
  'any(http.request.headers[*][*] eq "Alpha")',
  'any(http.request.headers[*][1] eq "text/plain")',
  'not any(http.request.headers[*][2] ne "x")',
  'any(cf.bot_management.detection_ids[*] in {8 9})',
  'http.request.headers["accept"][0] eq "text/html"',
  'http.request.headers["x-two"][1] eq "d"',
  'all((http.request.headers["accept"][*] contains "text"))',
  'not any(http.request.headers["x-empty"][*] ne "x")',
  'all(http.request.headers["x-empty"][*] eq "x")',
  // Missing: no comparison holds but `ne`, and no element exists.
  'not http.referer eq ""',
  'not http.referer contains ""',
  'not http.referer matches ""',
  'not http.referer wildcard "*"',
  'not http.referer in {""}',
  'not http.referer in $names',
  'not http.referer ge ""',
  'http.referer ne ""',
  'http.referer ne "x"',
  'http.request.headers["no"][0] ne "x"',
  'not http.request.headers["no"][0] eq "x"',
  'not http.request.headers["accept"][2] eq "x"',
  'not any(http.request.headers["no"][*] ne "x")',
  'all(http.request.headers["no"][*] eq "x")',
  'not len(http.request.uri.args["order"]) ge 0',
  'len(http.request.uri.args["filter"]) ge 0',
  'not starts_with(http.referer, "")',
  // A function has no result if an argument is missing, whatever the others are.
  'not starts_with(http.referer, http.cookie)',
  'not starts_with(http.cookie, http.referer)',
  'not any(starts_with(http.request.headers.names[*], http.referer))',
  'lower(http.referer) ne "x"',
  'concat(http.referer, "x") eq "x"',
  'concat(http.referer, http.referer) ne ""',
  'not substring(http.referer, 0) eq ""',
  // Unknown does not matter where the rest decides.
  'ssl or http.cookie contains "a"',
  'http.cookie contains "a" or ssl',
  'not (not ssl and http.cookie contains "a")',
  'not (http.cookie contains "a" and not ssl)',
  'ssl or ip.src in $stale',
];

const UNKNOWN: readonly string[] = [
  'http.cookie contains "a"',
  'not http.cookie contains "a"',
  'http.cookie ne "a"',
  'cf.bot_management.score < 30',
  'not cf.bot_management.score < 30',
  'ssl and http.cookie contains "a"',
  'http.cookie contains "a" and ssl',
  'not ssl or http.cookie contains "a"',
  'ssl xor http.cookie contains "a"',
  'http.cookie contains "a" xor not ssl',
  'ip.src in $stale',
  'not ip.src in $stale',
  'http.host in $stale_names',
  'ssl and not ip.src in $stale',
  'len(http.cookie) eq 0',
  'lower(http.cookie) eq "a"',
  'starts_with(http.cookie, "a")',
  'starts_with(http.cookie, http.host)',
  'starts_with(http.host, http.cookie)',
  'concat(http.host, http.cookie) eq "a"',
  'concat(http.referer, http.cookie) eq "a"',
  'substring(http.cookie, 0, 1) eq "a"',
  'http.request.cookies["a"][0] eq "b"',
  'any(http.request.cookies["a"][*] eq "b")',
  'all(http.request.cookies["a"][*] eq "b")',
  'not any(http.request.cookies["a"][*] eq "b")',
  'any(http.request.headers.names[*] in $stale_names)',
  'all(http.request.headers.names[*] in $stale_names)',
  'any(starts_with(http.request.headers.names[*], http.cookie))',
  'len(lower(http.request.cookies["a"][*])) eq 1',
  'ip.src.country eq "DE" or ip.src in {10.0.0.0/8}',
];

const FALSE: readonly string[] = [
  'not ssl',
  'ssl and not ssl',
  'ssl xor ssl',
  'http.host eq "WWW.EXAMPLE.COM"',
  'http.request.uri.path wildcard "wp-login"',
  'http.request.uri.path wildcard "/wp-login"',
  'http.request.uri.path strict wildcard "/WP-*"',
  'http.request.full_uri wildcard "https://example.com/*"',
  'http.response.code in {400..402 404..499}',
  'ip.src in {2001:db8::/32}',
  'ip.src in {192.0.2.8..192.0.2.255 192.0.2.0..192.0.2.6}',
  'ip.src eq 2001:db8::7',
  'http.referer eq "x"',
  'any(http.request.headers["no"][*] eq "x")',
  'http.cookie contains "a" and not ssl',
  'not ssl and http.cookie contains "a"',
  'not (ssl or http.cookie contains "a")',
  'not ssl and ip.src in $stale',
  'all(http.request.headers.names[*] in $stale_names) and not ssl',
];

describe('a rule', () => {
  test.each(TRUE)('holds: %s', (source) => {
    expect(evaluateRule(source, REQUEST)).toBe(true);
  });

  test.each(FALSE)('does not hold: %s', (source) => {
    expect(evaluateRule(source, REQUEST)).toBe(false);
  });

  test.each(UNKNOWN)('is unknown: %s', (source) => {
    expect(evaluateRule(source, REQUEST)).toBeUndefined();
  });

  test.each([
    ['ip.src in {2001:db8::/32}', true],
    ['ip.src in {2001:db8::1..2001:db8::ff}', true],
    ['ip.src in {10.0.0.0/8 2001:db8::7}', true],
    ['ip.src in {0.0.0.0/0}', false],
    ['ip.src gt 2001:db8::6', true],
    ['ip.src lt 2001:db8::6', false],
    ['ip.src ne 192.0.2.7', true],
    ['ip.src gt 192.0.2.7', false],
    ['cidr6(ip.src, 32) eq 2001:db8::', true],
    ['cidr(ip.src, 8, 64) eq 2001:db8::', true],
    ['ip.src in $office', false],
  ])('sees an IPv6 address: %s is %s', (source, outcome) => {
    expect(evaluateRule(source, IPV6)).toBe(outcome);
  });

  test('of the published example holds as it is written, for scores outside of the list', () => {
    const source =
      'http.request.uri.path contains "/login" and (not ip.src in $office and cf.bot_management.score < 30)';
    const login = { ...REQUEST, 'http.request.uri.path': '/login', 'cf.bot_management.score': 5 };
    // Proxies of the list pass: the rule has `not`.
    expect(evaluateRule(source, login)).toBe(false);
    expect(evaluateRule(source, { ...login, 'ip.src': '198.51.100.1' })).toBe(true);
    expect(evaluateRule(source, { ...login, 'ip.src': '198.51.100.1', 'cf.bot_management.score': 30 })).toBe(false);
    expect(evaluateRule(source, { ...login, 'cf.bot_management.score': undefined })).toBe(false);
    expect(
      evaluateRule(source, { ...login, 'ip.src': '198.51.100.1', 'cf.bot_management.score': undefined }),
    ).toBeUndefined();
  });
});
