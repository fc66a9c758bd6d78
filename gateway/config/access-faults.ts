// Policies that name what the configuration does not have.

import { configuredName } from '../lists/list-names.ts';
import { suggestName } from '../rules/schema/suggest.ts';
import type { Conflict, Path } from './fault.ts';
import type { GatewayConfig } from './schema.ts';

export const accessFaults = ({ apps, lists }: GatewayConfig): Conflict[] =>
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

function listFault(name: string, lists: GatewayConfig['lists'], path: Path): Conflict[] {
  const known = configuredName(name);
  const list = Object.hasOwn(lists, known) ? lists[known] : undefined;
  if (list?.kind === 'ip') return [];
  if (list) return [{ path, message: 'names a list that has no addresses', hint: 'Name one of kind ip.' }];
  const meant = suggestName(name, Object.keys(lists));
  const hint = meant === undefined ? 'Add it to lists.' : `Did you mean $${meant}?`;
  return [{ path, message: 'names no list of the configuration', hint }];
}
