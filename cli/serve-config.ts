// The settings of `credveil serve` as flags, and the output of --print-config.

import { type Command, Option } from 'commander';
import { clientFileFor } from '../access/client-file.ts';
import { quotaBookFor } from '../access/quota/book.ts';
import type { Config } from '../server/config/config.ts';
import { flagName, SETTING_KEYS, SETTINGS, type SettingKey, type Settings } from '../server/config/settings.ts';
import { openDataset } from '../store/dataset.ts';
import { outboxFor } from './notify/notifier.ts';
import { keyFileFor } from './open.ts';
import { formatTable } from './output.ts';

/** The dataset is the argument, not a flag. */
const FLAGS = SETTING_KEYS.filter((key) => key !== 'dataset');

export type Flags = { [key in SettingKey]?: string | string[] };

/** Adds a flag for each setting. @returns a function that reads the flags that were given */
export function addSettingFlags(command: Command): () => Flags {
  const options = FLAGS.map((key) => {
    const { about, fallback, placeholder } = SETTINGS[key];
    const defaultText = fallback === undefined || Array.isArray(fallback) ? '' : ` (default: ${String(fallback)})`;
    const option = new Option(`${flagName(key)} ${placeholder}`, about + defaultText);
    if (Array.isArray(fallback)) option.argParser((value, list: string[] = []) => [...list, value]);
    command.addOption(option);
    // Added second, so that neither flag sets a default.
    if (fallback === true)
      command.addOption(new Option(flagName(key).replace('--', '--no-'), `same as ${flagName(key)} false`));
    return { key, option };
  });
  return () => {
    const flags: Flags = {};
    for (const { key, option } of options) {
      const value: unknown = command.getOptionValue(option.attributeName());
      // A boolean flag may have no value.
      if (value !== undefined) flags[key] = typeof value === 'boolean' ? String(value) : (value as string | string[]);
    }
    return flags;
  };
}

/** The files beside the dataset, where no setting names others. */
function withDefaultFiles(settings: Settings): Settings {
  const { dataset } = settings;
  if (dataset === undefined) return settings;
  const { keyFile = evaluates(dataset) ? keyFileFor(dataset) : undefined } = settings;
  const { clientsFile = clientFileFor(dataset), quotaFile = quotaBookFor(dataset) } = settings;
  const { outboxFile = settings.notify.length > 0 ? outboxFor(dataset) : undefined } = settings;
  return { ...settings, keyFile, clientsFile, quotaFile, outboxFile };
}

/** False also for a folder that is no dataset: the server reports it. */
function evaluates(folder: string): boolean {
  try {
    return openDataset(folder).parameters.suite === 'oprf';
  } catch {
    return false;
  }
}

/** Every setting with its value and origin. No setting is a secret. */
export function describeConfig(config: Config): string {
  const { origins } = config;
  const settings = withDefaultFiles(config.settings);
  const shown = (value: unknown): string =>
    value === undefined ? '-' : Array.isArray(value) ? value.join(',') : String(value);
  return formatTable(
    ['SETTING', 'VALUE', 'FROM'],
    SETTING_KEYS.map((key) => [key, shown(settings[key]), origins[key]]),
  );
}

/** Every setting with its value and origin, as JSON. */
export function configJson(config: Config): { readonly [key: string]: unknown } {
  const { origins } = config;
  const settings = withDefaultFiles(config.settings);
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, { value: settings[key] ?? null, from: origins[key] }]));
}
