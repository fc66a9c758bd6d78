// The configuration as a file: its bounds, and the files that it names.

import fs from 'node:fs';
import path from 'node:path';
import { CredveilError } from '../../protocol/errors.ts';
import { describeFileFault } from '../../runtime/file-fault.ts';
import type { ConfigFault } from './fault.ts';
import { parseConfig } from './load.ts';
import type { GatewayConfig } from './schema.ts';

export type ConfigErrorCode = 'CONFIG_UNREADABLE' | 'CONFIG_INVALID';

/** A configuration that cannot be used. `faults` has each mistake with its line. */
export class GatewayConfigError extends CredveilError<ConfigErrorCode> {
  override name = 'GatewayConfigError';
  readonly faults: readonly ConfigFault[];

  constructor(code: ConfigErrorCode, message: string, hint: string, faults: readonly ConfigFault[] = []) {
    super(code, message, hint);
    this.faults = faults;
  }
}

const MAX_FILE_BYTES = 2 ** 24;

/** @throws GatewayConfigError */
export function readConfig(file: string): GatewayConfig {
  const { config, faults } = parseConfig(readText(file));
  if (!config) {
    const count = faults.length === 1 ? 'a mistake' : `${faults.length} mistakes`;
    throw new GatewayConfigError(
      'CONFIG_INVALID',
      `${file} has ${count}`,
      'Correct it; docs/gateway.md lists all keys.',
      faults,
    );
  }
  const stateDirectory = config.stateDirectory ?? stateDirectoryBeside(file);
  return resolveFiles({ ...config, stateDirectory }, path.dirname(file)) as GatewayConfig;
}

/** The default of `stateDirectory`, relative to the file as the key is. */
export const stateDirectoryBeside = (file: string): string => `${path.basename(file).replace(/\.\w+$/, '')}.state`;

function readText(file: string): string {
  const hint = 'Name a file that this user may read with --config.';
  let bytes: Buffer;
  try {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) throw new GatewayConfigError('CONFIG_UNREADABLE', `${file} is a directory`, hint);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES)
      throw new GatewayConfigError(
        'CONFIG_UNREADABLE',
        `${file} is no configuration: not a file of at most 16 MiB`,
        hint,
      );
    bytes = fs.readFileSync(file);
  } catch (cause) {
    if (cause instanceof GatewayConfigError) throw cause;
    throw new GatewayConfigError('CONFIG_UNREADABLE', `${file} ${describeFileFault(cause)}`, hint);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new GatewayConfigError('CONFIG_UNREADABLE', `${file} is not UTF-8`, 'Save it as UTF-8.');
  }
}

const LISTS_OF_FILES: ReadonlySet<string> = new Set(['notify', 'crlFiles']);

/** Paths are relative to the file that has them, wherever the process runs. */
function resolveFiles(value: unknown, folder: string, key = ''): unknown {
  if (typeof value === 'string') return /(?:^f|F)ile$|^stateDirectory$/.test(key) ? path.resolve(folder, value) : value;
  if (Array.isArray(value))
    return value.map((item) => resolveFiles(item, folder, LISTS_OF_FILES.has(key) ? 'file' : ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolveFiles(inner, folder, name)]));
}
