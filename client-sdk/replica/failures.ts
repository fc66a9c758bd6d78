// What is wrong with the folder of a replica, in words: they name it, the code of the system, and
// what helps on this machine. The texts of all other failures are about the service.

import { LookupError, type LookupErrorCode } from '../errors.ts';
import { REASONS } from '../reasons.ts';

const PULL = 'Run `credveil replica pull`, or call `replica.pull()`';
const REPAIR = 'Run `credveil replica pull --verify`, or call `replica.pull({ verify: true })`.';
const ON_AND_ON = 'If the pull is refused too, compare the pinned line with `credveil key pin`.';

/** Message and hint. */
type Text = readonly [what: string, next: string];

type Texts = { readonly [code in LookupErrorCode]?: Text };

/** Of the folder, whatever was to be done with it. */
const TEXTS: Texts = {
  REPLICA_MISSING: REASONS.REPLICA_MISSING,
  REPLICA_UNREADABLE: REASONS.REPLICA_UNREADABLE,
  REPLICA_UNWRITABLE: REASONS.REPLICA_UNWRITABLE,
  REPLICA_MISPLACED: REASONS.REPLICA_MISPLACED,
};

const altered = (what: string): Text => [`${what} in the folder of the replica is damaged`, `${REPAIR} ${ON_AND_ON}`];

/** Of what was read from it, and not from a service. */
const READ_TEXTS: Texts = {
  ...TEXTS,
  HEAD_MALFORMED: altered('the head'),
  HEAD_FORGED: altered('the head'),
  STATEMENT_MALFORMED: altered('the statement'),
  STATEMENT_FORGED: altered('the statement'),
  BODY_MALFORMED: altered('the list of sources'),
  BODY_FORGED: altered('the list of sources'),
  PROTOCOL_UNSUPPORTED: [
    'the replica is of a protocol version that this client does not support, or damaged',
    `${REPAIR} If the pull is refused too, use client and server of the same major version.`,
  ],
  DATASET_MISMATCH: [
    'the replica is of another dataset than the pinned one',
    'Check the folder and the pinned line: each dataset has a folder of its own.',
  ],
  SNAPSHOT_CHANGED: ['documents of the replica are missing, or were replaced meanwhile', REPAIR],
  SNAPSHOT_OLDER: ['the replica is older than what this client has seen', `${PULL}.`],
  SNAPSHOT_STALE: [
    'nobody has confirmed for too long that the snapshot of the replica is the current one',
    `${PULL}, on this machine and on a timer. If the pull fails with this code, the publisher has to renew: \`credveil publish --renew\`.`,
  ],
};

const NO_ACCESS = 'Let the user of this process read and write the folder, or name one of its own.';
const ROOM =
  'A new copy takes as much room as the one in use, which stays until it is complete. What was fetched is kept, and the next pull goes on.';
const NO_FOLDER = 'Name a folder: a file is in its place, or above it.';

/** By the code of the system. */
const SYSTEM_HINTS: { readonly [code: string]: string } = {
  EACCES: NO_ACCESS,
  EPERM: NO_ACCESS,
  EROFS: 'Name a folder on a file system that can be written.',
  ENOSPC: `Make room on the disk. ${ROOM}`,
  EDQUOT: `Raise the disk quota of the user of this process, or make room within it. ${ROOM}`,
  EFBIG:
    'Raise the limit of the length of files (`ulimit -f`, LimitFSIZE= of systemd), or name a folder on a file system of longer files. What was fetched is kept, and the next pull goes on.',
  ENOTDIR: NO_FOLDER,
  EEXIST: NO_FOLDER,
};

/** @param folder of the replica, for what its texts are about; all others are left as they are */
export function aboutFolder(folder: string, error: unknown): unknown {
  return inWords(TEXTS, folder, error);
}

/** The same of all that was read from the folder instead of a service. */
export function aboutRead(folder: string, error: unknown): unknown {
  return inWords(READ_TEXTS, folder, error);
}

function inWords(texts: Texts, folder: string, error: unknown): unknown {
  if (!(error instanceof LookupError) || error.hint !== '') return error;
  const { code, message: detail, cause } = error;
  const text = texts[code];
  if (!text) return error;
  const [what, next] = text;
  const system = systemCode(cause);
  const details = [folder, detail, system].filter((part) => part !== undefined && part !== '');
  return new LookupError(code, `${what}: ${details.join(': ')}`, (system && SYSTEM_HINTS[system]) ?? next, { cause });
}

/** Of an error of the file system, whose own message says no more. */
function systemCode(cause: unknown): string | undefined {
  const { code, syscall } = (cause ?? {}) as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : code;
}
