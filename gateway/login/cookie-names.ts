// Names of cookies as presets write them.

import { createWildcard } from '../rules/wildcard.ts';

/** @param patterns where `*` stands for any characters */
export function createNameTest(patterns: readonly string[]): (name: string) => boolean {
  const tests = patterns.map((pattern) => {
    const test = createWildcard(pattern, true);
    if (typeof test === 'string') throw new TypeError(`the cookie name ${pattern} is malformed: ${test}`);
    return test;
  });
  return (name) => tests.some((test) => test(name));
}
