// Reads files of the operator: small, regular, and where they hold a secret, of their owner alone.

import fs from 'node:fs';
import { NotifyError } from '../errors.ts';

const { O_RDONLY, O_NONBLOCK = 0 } = fs.constants;
const MAX_BYTES = 1 << 16;

export interface FileAccess {
  /** Id of a group whose members may also read secrets, for instance the fsGroup of a pod. */
  readonly group?: number;
}

/** @throws NotifyError `SINK_UNREADABLE` */
export const readSmallFile = (file: string): string => read(file, () => {});

/** @throws NotifyError `SINK_UNREADABLE`, `SECRET_EXPOSED` */
export function readSecretFile(file: string, { group }: FileAccess = {}): string {
  return read(file, ({ mode, uid, gid }) => {
    const isReadByGroup = (mode & 0o077) === 0o040;
    // systemd's LoadCredential= grants access by an ACL, whose mask appears as the group's
    // permission.
    const isCredential = uid === 0 && gid === 0 && (mode & 0o777) === 0o440;
    const isHidden = (mode & 0o077) === 0 || isCredential || (isReadByGroup && gid === group);
    if (process.platform === 'win32' || isHidden) return;
    throw new NotifyError(
      'SECRET_EXPOSED',
      `secret ${file}: readable by group or others (mode ${(mode & 0o777).toString(8)})`,
      `Run: chmod 600 ${file} — and consider who may have read it.`,
    );
  });
}

function read(file: string, assertStat: (stat: fs.Stats) => void): string {
  const unreadable = (why: string, cause?: unknown): NotifyError =>
    new NotifyError('SINK_UNREADABLE', `${file}: ${why}`, 'Name a file that this user may read.', { cause });
  let handle: number;
  try {
    handle = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  } catch (cause) {
    throw unreadable(
      (cause as { code?: string }).code === 'ENOENT' ? 'it does not exist' : 'it cannot be opened',
      cause,
    );
  }
  try {
    const stat = fs.fstatSync(handle);
    if (!stat.isFile()) throw unreadable('not a regular file');
    if (stat.size > MAX_BYTES) throw unreadable('too long');
    assertStat(stat);
    return fs.readFileSync(handle, 'utf8');
  } finally {
    fs.closeSync(handle);
  }
}
