// Limits on logins that cannot be loaded, each at its place.

import type { LimitConfig } from '../limits/limit-config.ts';
import { isOfLogins, prepareLimit } from '../limits/prepare-limits.ts';
import { matchFields } from '../login/body/match-fields.ts';
import { compileLogins } from '../login/compile-logins.ts';
import type { LoginConfig } from '../login/login-config.ts';
import { createLoginSet } from '../login/login-set.ts';
import { pathOf } from '../login/reference.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { RuleError } from '../rules/syntax/rule-error.ts';
import { isObject } from './compare.ts';
import type { Conflict, Path } from './fault.ts';
import { listsByKind } from './rule-faults.ts';
import type { GatewayConfig } from './schema.ts';

const FIELD = 'field:';

/** @param written the file, which says where a limit stands */
export function limitFaults({ apps, lists, forwardAuth }: GatewayConfig, written?: unknown): Conflict[] {
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
    const isPassword = login && passwordTest(login, findList);
    return loginLimits.flatMap((limit) =>
      faultsOf(limit, [...path, ...placeIn(written, path, limit.name)], findList, isPassword),
    );
  });
}

type PasswordTest = (name: string) => boolean;

/** Whether servers may take a member of the body for the password. */
function passwordTest(login: LoginConfig, findList: FindList): PasswordTest {
  return (name) => {
    try {
      const logins = createLoginSet(compileLogins(login, findList), false).logins;
      const field = { name, path: pathOf(name), texts: [] };
      return logins.some(({ passwords }) => matchFields(passwords, [field]).isFound);
    } catch (error) {
      // Reported at its own place.
      if (error instanceof RuleError) return false;
      throw error;
    }
  };
}

/** Presets stand for several limits, so that a limit is found by its name. */
function placeIn(written: unknown, path: readonly string[], name: string): number[] {
  let limits = written;
  for (const key of path) limits = isObject(limits) ? limits[key] : undefined;
  const at = Array.isArray(limits) ? limits.findIndex((each) => isObject(each) && each.name === name) : -1;
  return at < 0 ? [] : [at];
}

function faultsOf(limit: LimitConfig, path: Path, findList: FindList, isPassword?: PasswordTest): Conflict[] {
  const ofLogins = limit.by.find(isOfLogins);
  if (limit.actOn === 'everything' && ofLogins !== undefined) {
    const what = ofLogins === 'username' ? 'username' : 'a field';
    return [
      {
        path,
        message: `acts on everything by ${what} (${limit.name}), which only logins have`,
        hint: `Leave out actOn, or the ${ofLogins === 'username' ? 'username' : 'field'}.`,
      },
    ];
  }
  const fields = limit.by.filter((each) => each.startsWith(FIELD)).map((each) => each.slice(FIELD.length));
  if (fields.some((name) => isPassword?.(name)))
    return [
      {
        path,
        message: `counts by a field that has the password (${limit.name})`,
        hint: 'Count by another one: the state keeps nothing that a password can be guessed from.',
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
