// Configuration: each setting's value and where it came from. Flags win over the environment, and
// that over the file.

import path from 'node:path';
import { CredveilError } from '../../protocol/errors.ts';
import { LOOPBACK, parseHostPort } from '../../runtime/config/host-port.ts';
import { nearest } from '../../runtime/config/nearest.ts';
import { readRegularFile } from '../../store/files.ts';
import type { WorkerOrder } from '../workers/messages.ts';
import { judgeEnvironment } from './environment.ts';
import {
  environmentName,
  flagName,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type Settings,
  type SettingValue,
} from './settings.ts';

export type ConfigErrorCode =
  | 'SETTING_UNKNOWN'
  | 'SETTING_INVALID'
  | 'SETTINGS_FILE_MISSING'
  | 'SETTINGS_FILE_MALFORMED';

/** An invalid configuration. Names the setting and its origin, never its value. */
export class ConfigError extends CredveilError<ConfigErrorCode> {
  override name = 'ConfigError';
}

export interface ConfigSources {
  /** By setting: the text of a flag, or of each where it may be given more than once. */
  readonly flags: { readonly [key in SettingKey]?: string | readonly string[] };
  readonly environment: { readonly [name: string]: string | undefined };
  /** Default: what CREDVEIL_CONFIG names. */
  readonly file?: string | undefined;
}

export interface Config {
  readonly settings: Settings;
  /** `default`, or the file, environment name or flag that a value is from. */
  readonly origins: { readonly [key in SettingKey]: string };
  /** CREDVEIL_ variables that are unlike any setting, and have no effect. */
  readonly ignored: readonly string[];
}

const FILE_NAME = 'CREDVEIL_CONFIG';
const MAX_FILE_BYTES = 2 ** 20;

/** @throws ConfigError */
export function loadConfig({ flags, environment, file = environment[FILE_NAME] }: ConfigSources): Config {
  const ignored = assertEnvironment(environment);
  const inFile = file === undefined ? {} : readFile(file);
  const settings: { [key: string]: unknown } = {};
  const origins: { [key: string]: string } = {};
  for (const key of SETTING_KEYS) {
    const { schema, parse, fallback, isPath } = SETTINGS[key];
    const set = (value: unknown, origin: string): void => {
      const checked = schema.safeParse(value);
      if (!checked.success) throw invalid(key, origin, checked.error.issues[0]?.message);
      settings[key] = checked.data;
      origins[key] = origin;
    };
    set(fallback, 'default');
    if (file !== undefined && key in inFile) set(isPath ? relativeTo(file, inFile[key]) : inFile[key], `file ${file}`);
    const name = environmentName(key);
    const variable = environment[name];
    if (variable !== undefined) set(parse(variable), `environment ${name}`);
    const flag = flags[key];
    if (flag !== undefined)
      set(typeof flag === 'string' ? parse(flag) : flag, key === 'dataset' ? 'argument' : `flag ${flagName(key)}`);
  }
  return { settings: settings as Settings, origins: origins as Config['origins'], ignored };
}

/** What a reload changes: its live settings are applied, the others are named and stay. */
export interface ConfigChange {
  readonly settings: Settings;
  readonly changed: readonly SettingKey[];
  readonly needRestart: readonly SettingKey[];
}

export function compareSettings(before: Settings, after: Settings): ConfigChange {
  const settings: { [key: string]: unknown } = { ...before };
  const different = SETTING_KEYS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const changed = different.filter((key) => SETTINGS[key].live);
  for (const key of changed) settings[key] = after[key];
  return { settings: settings as Settings, changed, needRestart: different.filter((key) => !SETTINGS[key].live) };
}

/**
 * The settings below a name as an object: those of `limits.` without it. Unset ones are left out.
 */
export function settingsBelow<Group extends string>(settings: Settings, group: Group): GroupOf<Group> {
  const below = SETTING_KEYS.filter((key) => key.startsWith(`${group}.`) && settings[key] !== undefined);
  return Object.fromEntries(below.map((key) => [key.slice(group.length + 1), settings[key]])) as GroupOf<Group>;
}

type GroupOf<Group extends string> = {
  readonly [Key in SettingKey as Key extends `${Group}.${infer Name}` ? Name : never]?: NonNullable<SettingValue<Key>>;
};

/**
 * What the settings mean for a server.
 * @throws ConfigError if two of them conflict
 */
export function serverOptions(settings: Settings): WorkerOrder['options'] {
  const { listen, pollIntervalMs, maxHeldBytes, clientsFile, quotaFile, allowAnonymous, logLevel, pages } = settings;
  const { allowedOrigins, allowedHosts } = settings;
  assertTogether(settings, 'tls.keyFile', 'tls.certFile');
  assertTogether(settings, 'tls.caFile', 'tls.certFile');
  assertTogether(settings, 'tls.requireClientCertificate', 'tls.caFile');
  assertTogether(settings, 'tls.certFile', 'tls.keyFile');
  const { certFile, keyFile, ...clients } = settingsBelow(settings, 'tls');
  const tls = certFile !== undefined && keyFile !== undefined ? { certFile, keyFile, ...clients } : undefined;
  return {
    ...settingsBelow(settings, 'limits'),
    ...parseAddress(listen),
    pollIntervalMs,
    maxHeldBytes,
    allowAnonymous,
    logLevel,
    pages,
    allowedOrigins,
    allowedHosts,
    ...(clientsFile !== undefined && { clientsFile }),
    ...(quotaFile !== undefined && { quotaFile }),
    ...(tls && { tls }),
  };
}

/** A setting that has an effect only with another one. @throws ConfigError */
function assertTogether(settings: Settings, key: SettingKey, needed: SettingKey): void {
  if (settings[key] === undefined || settings[key] === false || settings[needed] !== undefined) return;
  const hint = `Add ${flagName(needed)}.`;
  throw new ConfigError('SETTING_INVALID', `setting ${key} needs ${needed}, which is missing`, hint);
}

/** Of `HOST:PORT`, `[IPv6]:PORT` or `:PORT`, as the schema has checked it. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } {
  return parseHostPort(text, LOOPBACK);
}

/**
 * @returns the variables that are ignored @throws ConfigError for one that is close to a setting
 */
function assertEnvironment(environment: ConfigSources['environment']): readonly string[] {
  const { ignored, refused } = judgeEnvironment(environment, [FILE_NAME, ...SETTING_KEYS.map(environmentName)]);
  if (refused) throw unknown(`environment variable ${shown(refused.name)}`, refused.meant);
  return ignored.map(shown);
}

function readFile(file: string): { readonly [key: string]: unknown } {
  let text: string;
  try {
    text = readRegularFile(file, MAX_FILE_BYTES, (why) => malformed(file, why));
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const hint = 'Name a file that this user may read with --config.';
    throw new ConfigError('SETTINGS_FILE_MISSING', `configuration ${file} cannot be read`, hint, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // Only the position: the parser's message quotes the content.
    const [where = ''] = /\(line \d+ column \d+\)/.exec(String(cause)) ?? [];
    throw malformed(file, `it is not JSON ${where}`.trimEnd());
  }
  if (!isObject(json)) throw malformed(file, 'it is not one JSON object');
  const flat: { [key: string]: unknown } = {};
  for (const [name, value] of Object.entries(json)) {
    const isGroup = SETTING_KEYS.some((key) => key.startsWith(`${name}.`));
    if (isGroup && !isObject(value)) throw malformed(file, `${name} is not an object`);
    for (const [key, inner] of isGroup ? Object.entries(value as object) : []) flat[`${name}.${key}`] = inner;
    if (!isGroup) flat[name] = value;
  }
  for (const key of Object.keys(flat))
    if (!(SETTING_KEYS as string[]).includes(key))
      throw unknown(`setting ${shown(key)} in ${file}`, nearest(key, SETTING_KEYS));
  return flat;
}

function relativeTo(file: string, value: unknown): unknown {
  const resolve = (name: unknown): unknown =>
    typeof name === 'string' && name !== '' ? path.resolve(path.dirname(file), name) : name;
  return Array.isArray(value) ? value.map(resolve) : resolve(value);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A key may be anything that somebody wrote into a file: no control characters, and not all of a
 * long one.
 */
const shown = (key: string): string => key.replace(/[^\w.-]/g, '?').slice(0, 60);

const malformed = (file: string, why: string): ConfigError =>
  new ConfigError(
    'SETTINGS_FILE_MALFORMED',
    `configuration ${file}: ${why}`,
    'Write one JSON object; `credveil serve --print-config` lists the settings.',
  );

const unknown = (what: string, meant: string | undefined): ConfigError =>
  new ConfigError(
    'SETTING_UNKNOWN',
    `${what} is not known`,
    meant === undefined ? '`credveil serve --print-config` lists all settings.' : `Did you mean ${meant}?`,
  );

const invalid = (key: SettingKey, origin: string, fault = 'must be another value'): ConfigError =>
  new ConfigError('SETTING_INVALID', `setting ${key} (${origin}): ${fault}`, 'Change it, or leave it out.');
