// Rules by their source: applications share the presets that they have, and a reload finds what the
// configuration before it has compiled. Requests wait for neither.

import type { FindList } from './compile-expression.ts';
import { type CompiledRule, compileRule, parseRule } from './rule.ts';
import type { Scheme } from './scheme.ts';

type OwnScheme = Pick<Scheme, 'phase' | 'slotOf'>;

/** Of each scheme; the one used least recently leaves. */
const MAX_COMPILED = 2_000;

const known = new WeakMap<OwnScheme, Map<string, CompiledRule>>();

/**
 * Compiles a rule, or finds it compiled. One that reads a list is compiled each time: the next
 * configuration has other lists of the same names.
 * @throws {RuleError}
 */
export function compileSource(source: string, scheme: OwnScheme, findList: FindList): CompiledRule {
  const compiled = known.get(scheme) ?? new Map<string, CompiledRule>();
  known.set(scheme, compiled);
  const found = compiled.get(source) ?? compileRule(parseRule(source), scheme, findList);
  compiled.delete(source);
  if (found.lists.size > 0) return found;
  compiled.set(source, found);
  for (const oldest of compiled.keys()) {
    if (compiled.size <= MAX_COMPILED) break;
    compiled.delete(oldest);
  }
  return found;
}
