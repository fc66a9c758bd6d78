// The settings of `credveil serve` as flags, and what --print-config says of them.

import { type Command, Option } from 'commander';
import type { Config } from '../server/config/config.ts';
import { flagName, SETTING_KEYS, SETTINGS, type SettingKey } from '../server/config/settings.ts';
import { formatTable } from './output.ts';

/** The dataset has no flag: it is the argument. */
const FLAGS = SETTING_KEYS.filter((key) => key !== 'dataset');

export type Flags = { [key in SettingKey]?: string | string[] };

/** Gives the command a flag for each setting. @returns reads those that were given */
export function addSettingFlags(command: Command): () => Flags {
  const options = FLAGS.map((key) => {
    const { about, fallback, placeholder } = SETTINGS[key];
    const said = fallback === undefined || Array.isArray(fallback) ? '' : ` (default: ${String(fallback)})`;
    const option = new Option(`${flagName(key)} ${placeholder}`, about + said);
    if (Array.isArray(fallback)) option.argParser((value, list: string[] = []) => [...list, value]);
    command.addOption(option);
    // After it, so that neither is the default.
    if (fallback === true)
      command.addOption(new Option(flagName(key).replace('--', '--no-'), `the same as ${flagName(key)} false`));
    return { key, option };
  });
  return () => {
    const flags: Flags = {};
    for (const { key, option } of options) {
      const value: unknown = command.getOptionValue(option.attributeName());
      // A flag of yes or no may stand alone.
      if (value !== undefined) flags[key] = typeof value === 'boolean' ? String(value) : (value as string | string[]);
    }
    return flags;
  };
}

/** Every setting, its value, and where that is from. No setting is a secret. */
export function describeConfig({ settings, origins }: Config): string {
  const shown = (value: unknown): string =>
    value === undefined ? '-' : Array.isArray(value) ? value.join(',') : String(value);
  return formatTable(
    ['SETTING', 'VALUE', 'FROM'],
    SETTING_KEYS.map((key) => [key, shown(settings[key]), origins[key]]),
  );
}

/** The same for a program. */
export function configJson({ settings, origins }: Config): { readonly [key: string]: unknown } {
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, { value: settings[key] ?? null, from: origins[key] }]));
}
