// Limits on logins that cannot be loaded, each at its place.

import type { LimitConfig } from '../limits/limit-config.ts';
import { prepareLimit } from '../limits/prepare-limits.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';
import type { Conflict, Path } from './fault.ts';
import { listsByKind } from './rule-faults.ts';
import type { GatewayConfig } from './schema.ts';

export function limitFaults({ apps, lists, forwardAuth }: GatewayConfig): Conflict[] {
  const findList = listsByKind(lists);
  return Object.entries(apps).flatMap(([name, { loginLimits, login }]): Conflict[] => {
    const path = ['apps', name, 'loginLimits'];
    if (loginLimits.length > 0 && forwardAuth)
      return [
        {
          path,
          message: 'counts outcomes of logins, which a proxy that asks (forwardAuth) does not show',
          hint: 'Remove it, or let the gateway itself stand before the application.',
        },
      ];
    if (loginLimits.length > 0 && !login)
      return [
        { path, message: 'needs login, which says where logins are', hint: 'Add login, such as login: generic.' },
      ];
    return loginLimits.flatMap((limit) => faultsOf(limit, path, findList));
  });
}

/** Presets stand for several limits, so that a limit is found by its name. */
function faultsOf(limit: LimitConfig, path: Path, findList: FindList): Conflict[] {
  if (limit.actOn === 'everything' && limit.by.includes('username'))
    return [
      {
        path,
        message: `acts on everything by username (${limit.name}), which only logins have`,
        hint: 'Leave out actOn, or the username.',
      },
    ];
  try {
    prepareLimit(limit, findList);
    return [];
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const { message, hint, excerpt, line, column } = error;
    const place = `limit ${limit.name}, line ${line}, column ${column} of its expression`;
    return [{ path, message: `(${place}) ${message}`, hint, excerpt }];
  }
}
