// Names of cookies as presets write them.

import { createWildcard } from '../rules/wildcard.ts';

type NameTest = (name: string) => boolean;

interface Tests {
  readonly exact: NameTest;
  readonly anyCase: NameTest;
}

/** All logins of an application ask by the same list. */
const known = new WeakMap<readonly string[], Tests>();

/** @param patterns where `*` stands for any characters; a list that does not change */
export const createNameTest = (patterns: readonly string[]): NameTest => testsOf(patterns).exact;

/** For names that clients write: some servers, such as ASP.NET, read them in any case. */
export const createSentNameTest = (patterns: readonly string[]): NameTest => testsOf(patterns).anyCase;

function testsOf(patterns: readonly string[]): Tests {
  const tests = known.get(patterns) ?? { exact: compile(patterns, true), anyCase: compile(patterns, false) };
  known.set(patterns, tests);
  return tests;
}

function compile(patterns: readonly string[], isStrict: boolean): NameTest {
  const tests = patterns.map((pattern) => {
    const test = createWildcard(pattern, isStrict);
    if (typeof test === 'string') throw new TypeError(`the cookie name ${pattern} is malformed: ${test}`);
    return test;
  });
  return (name) => tests.some((test) => test(name));
}
