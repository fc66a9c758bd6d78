// Rules that are compiled once, and logins that applications share.

import { expect, test } from 'vitest';
import { REQUEST_SCHEME } from '../../../gateway/fields/request-fields.ts';
import { compileLogins } from '../../../gateway/login/compile-logins.ts';
import { LOGIN_SCHEME } from '../../../gateway/login/login-fields.ts';
import { PRESETS } from '../../../gateway/login/preset.ts';
import type { RuleList } from '../../../gateway/rules/compile-expression.ts';
import { compileSource } from '../../../gateway/rules/compile-source.ts';

const NO_LISTS = () => undefined;

test('a rule is compiled once for a scheme, unless it reads a list', () => {
  const source = 'http.host eq "a.example"';
  const compiled = compileSource(source, REQUEST_SCHEME, NO_LISTS);
  expect(compileSource(source, REQUEST_SCHEME, NO_LISTS)).toBe(compiled);
  expect(compileSource(source, LOGIN_SCHEME, NO_LISTS)).not.toBe(compiled);
  const listOf = (result: boolean) => (): RuleList => ({ kind: 'ip', has: () => result });
  const [before, after] = [true, false].map((result) =>
    compileSource('ip.src in $office', REQUEST_SCHEME, listOf(result)),
  );
  expect(after).not.toBe(before);
  expect(() => compileSource('ip.src in $office', REQUEST_SCHEME, NO_LISTS)).toThrow();
});

test('a rule that is not used for long is compiled anew', () => {
  const sourceOf = (i: number): string => `http.host eq "${i}.example"`;
  const first = compileSource(sourceOf(0), REQUEST_SCHEME, NO_LISTS);
  for (let i = 1; i < 2_100; i++) compileSource(sourceOf(i), REQUEST_SCHEME, NO_LISTS);
  expect(compileSource(sourceOf(0), REQUEST_SCHEME, NO_LISTS)).not.toBe(first);
});

test('applications share the rules of a preset, and each has logins of its own', () => {
  const config = { presets: [...PRESETS.keys()], locations: [], sessionCookies: [] } as unknown as Parameters<
    typeof compileLogins
  >[0];
  const [first, second] = [compileLogins(config, NO_LISTS), compileLogins(config, NO_LISTS)];
  expect(first.length).toBeGreaterThan(PRESETS.size);
  for (const [i, login] of first.entries()) {
    expect(second[i]).not.toBe(login);
    expect(second[i]?.name).toBe(login.name);
    expect(second[i]?.when).toBe(login.when);
    expect(second[i]?.outcome.success).toBe(login.outcome.success);
    expect(second[i]?.outcome.failure).toBe(login.outcome.failure);
  }
});
