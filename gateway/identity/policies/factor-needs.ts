// What is asked of a person whom policies let in, beside signing in.

import type { AccessFacts } from './facts.ts';
import { readersOf } from './places.ts';
import { judgePath, type Policies } from './policies.ts';
import type { Requirement, Requirements, ShownPerson } from './requirement.ts';

/**
 * Of all ways in which the application may read the path, each asks for its own.
 * @param paths at least one
 * @returns the first requirement that is not met, and whether any asks for each page anew
 */
export function findNeed(
  policies: Policies,
  requirements: Requirements,
  { facts, shown, now }: { readonly facts: AccessFacts; readonly shown: ShownPerson; readonly now: number },
  paths: readonly string[],
): { readonly need: Requirement | undefined; readonly isForPage: boolean } {
  let isForPage = false;
  const isLowerCase = policies.isLowerCase && requirements.isLowerCase;
  for (const path of paths)
    for (const isIn of readersOf(path, isLowerCase)) {
      const { policy } = judgePath(policies, facts, isIn);
      const need = requirements.of(policy, isIn);
      if (need && !requirements.isMet(need, shown, now)) return { need, isForPage };
      if (need?.every === 0) isForPage = true;
    }
  return { need: undefined, isForPage };
}
