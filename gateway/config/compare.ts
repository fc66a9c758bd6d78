// What a new configuration changes, by its keys: no value is shown, since it may be a secret.

import type { GatewayConfig } from './schema.ts';

export interface ConfigDifference {
  readonly changed: readonly string[];
  /** They stay as they are until a restart. */
  readonly needRestart: readonly string[];
}

/** Keys that a running gateway cannot change. */
const FIXED = [
  'listen',
  'workers',
  'metrics',
  'logLevel',
  'notify',
  'stateDirectory',
  'state',
  'admin',
  'limits.maxHeaderBytes',
  'limits.bodyRateMs',
];

export function compareConfigs(before: GatewayConfig, after: GatewayConfig): ConfigDifference {
  const different = differences(before, after, '');
  const isFixed = (key: string): boolean => FIXED.some((fixed) => key === fixed || key.startsWith(`${fixed}.`));
  return { changed: different.filter((key) => !isFixed(key)), needRestart: different.filter(isFixed) };
}

/** The new configuration with what only a restart changes as it was. */
export function withFixed(before: GatewayConfig, after: GatewayConfig): GatewayConfig {
  const { listen, forwardAuth, workers, metrics, logLevel, notify, stateDirectory, state, admin, limits } = before;
  const { maxHeaderBytes, bodyRateMs } = limits;
  return {
    ...after,
    ...{ listen, forwardAuth, workers, metrics, logLevel, notify, stateDirectory, state, admin },
    limits: { ...after.limits, maxHeaderBytes, bodyRateMs },
  };
}

function differences(before: unknown, after: unknown, key: string): string[] {
  if (!isObject(before) || !isObject(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [key];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => differences(before[name], after[name], key === '' ? name : `${key}.${name}`));
}

export const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
