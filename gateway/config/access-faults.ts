// What an application's access names that the configuration does not have, or has elsewhere too.

import { configuredName } from '../lists/list-names.ts';
import type { RuleAction } from '../phases/rules/rule-config.ts';
import { lettersOf } from '../request/reserved-names.ts';
import { suggestName } from '../rules/schema/suggest.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export const accessFaults = (config: GatewayConfig): Conflict[] => [...policyFaults(config), ...headerFaults(config)];

/** A header that says who somebody is has one source: the mapping. */
const headerFaults = ({ apps, rules }: GatewayConfig): Conflict[] =>
  Object.entries(apps).flatMap(([name, { access, keep, rules: own }]) => {
    if (!access) return [];
    const kept = new Set(keep.map(lettersOf));
    const set = new Set([...rules, ...own].flatMap(({ do: action }) => setBy(action)).map(lettersOf));
    const seen = new Set<string>();
    const fault = (path: Path, message: string): Conflict => ({ path: ['apps', name, ...path], message });
    const ofHeaders = Object.keys(access.headers).flatMap((header): Conflict[] => {
      const letters = lettersOf(header);
      const path = ['access', 'headers', header];
      const isSeen = seen.has(letters);
      seen.add(letters);
      if (isSeen) return [fault(path, 'is another spelling of a header that stands here too')];
      if (kept.has(letters)) return [fault(path, 'is in keep too, so that clients could send it')];
      return set.has(letters) ? [fault(path, 'is set by a rule too')] : [];
    });
    const alias = access.assertionAlias && kept.has(ALIAS) ? [fault(['access', 'assertionAlias'], KEPT_ALIAS)] : [];
    return [...ofHeaders, ...alias];
  });

const ALIAS = lettersOf('Cf-Access-Jwt-Assertion');
const KEPT_ALIAS = 'sets Cf-Access-Jwt-Assertion, which is in keep too, so that clients could send it';

const setBy = (action: RuleAction): string[] => (action.kind === 'setHeader' ? Object.keys(action.setHeader) : []);

const policyFaults = ({ apps, lists }: GatewayConfig): Conflict[] =>
  Object.entries(apps).flatMap(([name, { access }]) =>
    (access?.policies ?? []).flatMap((policy, i) =>
      (['include', 'require', 'exclude'] as const).flatMap((part) =>
        policy[part].flatMap(({ address }, place) =>
          (address ?? []).flatMap((value) =>
            value.startsWith('$')
              ? listFault(value.slice(1), lists, ['apps', name, 'access', 'policies', i, part, place, 'address'])
              : [],
          ),
        ),
      ),
    ),
  );

/** @param kind of the list that is wanted */
export function listFault(
  name: string,
  lists: GatewayConfig['lists'],
  path: Path,
  kind: 'ip' | 'serial' = 'ip',
): Conflict[] {
  const known = configuredName(name);
  const list = Object.hasOwn(lists, known) ? lists[known] : undefined;
  if (list?.kind === kind) return [];
  const has = kind === 'ip' ? 'addresses' : 'devices';
  if (list) return [{ path, message: `names a list that has no ${has}`, hint: `Name one of kind ${kind}.` }];
  const meant = suggestName(name, Object.keys(lists));
  const hint = meant === undefined ? 'Add it to lists.' : `Did you mean $${meant}?`;
  return [{ path, message: 'names no list of the configuration', hint }];
}
