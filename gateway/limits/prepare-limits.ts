// Limits that are ready for attempts: their expressions compiled.

import { COUNT_SCHEME } from '../fields/count-fields.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import type { LimitConfig } from './limit-config.ts';
import type { PreparedLimit } from './prepared-limit.ts';

/** @throws RuleError for an expression that cannot be used */
export function prepareLimit(config: LimitConfig, findList: FindList): PreparedLimit {
  const { actOn, by, count } = config;
  const isNamed = actOn === 'logins' || actOn === 'everything';
  return {
    config,
    count: compileSource(count, COUNT_SCHEME, findList),
    actOn: isNamed ? undefined : compileSource(actOn, REQUEST_SCHEME, findList),
    isForAll: actOn !== 'logins' && !by.some(isOfLogins),
    hasUsername: by.includes('username'),
    isOfBrowser: !by.every(isOfLogins),
    sparesDevices: by.every((value) => value === 'address' || isOfLogins(value)),
  };
}

/** A value that no other request has. */
export const isOfLogins = (value: string): boolean => value === 'username' || value.startsWith('field:');
