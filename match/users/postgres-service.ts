// PostgreSQL's service file: named connections, so that neither host nor password are in a command.
// @see https://www.postgresql.org/docs/current/libpq-pgservice.html

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const MAX_BYTES = 1 << 20;

const serviceFile = (): string => process.env.PGSERVICEFILE || path.join(os.homedir(), '.pg_service.conf');

/** @returns the settings of a service, or undefined if no file has it */
export function readService(name: string): ReadonlyMap<string, string> | undefined {
  const file = serviceFile();
  if (!fs.existsSync(file) || fs.statSync(file).size > MAX_BYTES) return undefined;
  let found: Map<string, string> | undefined;
  for (const line of fs.readFileSync(file, 'utf8').split(/\r?\n/)) {
    const [, section] = /^\s*\[(.*)\]\s*$/.exec(line) ?? [];
    // The first section of a name counts.
    if (section !== undefined && found) break;
    if (section === name) found = new Map();
    const [, key, value] = /^\s*(\w+)\s*=(.*)$/.exec(line) ?? [];
    if (found && key !== undefined && value !== undefined) found.set(key, value.trim());
  }
  return found;
}
