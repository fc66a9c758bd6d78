// The user that a server of the system runs as: most refuse to run as root, or are not themselves.

import { execFileSync } from 'node:child_process';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined unless the tests run as root. */
export function ownerOf(name: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
