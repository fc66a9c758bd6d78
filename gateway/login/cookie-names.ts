// Names of cookies as presets write them.

import { createWildcard } from '../rules/wildcard.ts';

type NameTest = (name: string) => boolean;

/** All logins of an application ask by the same list. */
const known = new WeakMap<readonly string[], NameTest>();

/** @param patterns where `*` stands for any characters; a list that does not change */
export function createNameTest(patterns: readonly string[]): NameTest {
  const test = known.get(patterns) ?? compile(patterns);
  known.set(patterns, test);
  return test;
}

function compile(patterns: readonly string[]): NameTest {
  const tests = patterns.map((pattern) => {
    const test = createWildcard(pattern, true);
    if (typeof test === 'string') throw new TypeError(`the cookie name ${pattern} is malformed: ${test}`);
    return test;
  });
  return (name) => tests.some((test) => test(name));
}
