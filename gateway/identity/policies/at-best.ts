// Policies for somebody who has whatever some selectors ask for: who could be let in, where that is
// not known yet.

import type { Policies, Policy } from './policies.ts';
import type { Selector } from './selectors.ts';

/** @param open kinds of selectors that speak for the person wherever they stand */
export function atBest(policies: Policies, open: ReadonlySet<Selector['kind']>): Policies {
  const isOpen = ({ kind }: Selector): boolean => open.has(kind);
  const all = policies.all.map((policy): Policy => {
    const { include, require, exclude, config } = policy;
    if (![...include, ...require, ...exclude].some(isOpen)) return policy;
    const isGood = config.action !== 'block';
    const assume = (value: boolean) => (selector: Selector) =>
      isOpen(selector) ? { ...selector, test: () => value } : selector;
    return {
      ...policy,
      include: include.map(assume(isGood)),
      require: require.map(assume(isGood)),
      exclude: exclude.map(assume(!isGood)),
    };
  });
  return { ...policies, all };
}
