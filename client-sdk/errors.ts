// The client's one error class, and the closed set of reasons why a lookup has no answer.

import { CredveilError, shareInstances } from '../protocol/errors.ts';

/** Why a verdict is `unknown`. Closed: a program may switch on it. */
export type UnknownReason =
  | 'TIMEOUT'
  | 'ABORTED'
  | 'NETWORK'
  | 'CIRCUIT_OPEN'
  | 'HTTP_STATUS'
  | 'CLIENT_REFUSED'
  | 'QUOTA_EXCEEDED'
  | 'BODY_TOO_LARGE'
  | 'BODY_MALFORMED'
  | 'BODY_FORGED'
  | 'CONFIG_MALFORMED'
  | 'CONFIG_UNSUPPORTED'
  | 'CONFIG_FORGED'
  | 'KEY_MISMATCH'
  | 'DATASET_MISMATCH'
  | 'SNAPSHOT_CHANGED'
  | 'SNAPSHOT_OLDER'
  | 'INDEX_MISSING'
  | 'NOTHING_ASKED'
  | 'FIELD_TOO_LONG'
  | 'CREDENTIAL_UNREADABLE'
  | 'CHECK_FAILED';

/** Why there is no password filter; besides, a reason of above. No verdict has it: without a filter a bucket is asked for. */
export type FilterReason =
  | 'FILTER_MISSING'
  | 'FILTER_TOO_LARGE'
  | 'FILTER_MALFORMED'
  | 'FILTER_FORGED'
  | 'FILTER_UNREADABLE';

/** A mistake of the calling program: thrown, never a verdict. */
export type MisuseCode = 'OPTION_MALFORMED' | 'KEY_MALFORMED' | 'ARGUMENT_MALFORMED';

export type LookupErrorCode = UnknownReason | FilterReason | MisuseCode;

/** A lookup that could not be made. Never holds a username, a password, a key or a prefix. */
export class LookupError extends CredveilError<LookupErrorCode> {
  override name = 'LookupError';
  static {
    shareInstances(LookupError, 'LookupError');
  }
}

type Texts<Reason extends string> = { readonly [reason in Reason]: readonly [message: string, hint: string] };

const FILTER_TEXTS: Texts<FilterReason> = {
  FILTER_MISSING: [
    'the service has no password filter',
    'Publish with this version of credveil, unless init --filter-one-in 0 was meant.',
  ],
  FILTER_TOO_LARGE: [
    'the password filter is longer than allowed',
    'Raise passwordFilter.maxBytes, where the memory is there.',
  ],
  FILTER_MALFORMED: [
    'the password filter is not one',
    'Take the file whole from the snapshots of the dataset; look for a proxy that alters bodies.',
  ],
  FILTER_FORGED: [
    'the password filter does not carry the seal of this key',
    'Something between the publisher and this process altered it, or it is of another key: treat it as an attack until explained.',
  ],
  FILTER_UNREADABLE: ['the source of the password filter failed', 'Look at the cause.'],
};

const TEXTS: Texts<UnknownReason> = {
  TIMEOUT: [
    'the service did not answer within the deadline',
    'Raise timeoutMs, or look at the service and the way to it.',
  ],
  ABORTED: [
    "the caller's signal was aborted",
    'Nothing is wrong with the service; ask again if the answer is still wanted.',
  ],
  NETWORK: [
    'the service cannot be reached',
    'Check the URL, the network and that the server runs. Redirects are not followed.',
  ],
  CIRCUIT_OPEN: [
    'the service failed several times in a row and is not asked for a moment',
    'Look at the reasons of the checks before; it is tried again by itself.',
  ],
  HTTP_STATUS: ['the service refused to answer', 'Look into the log of the server, and of any proxy before it.'],
  CLIENT_REFUSED: [
    'the service does not know who asks',
    'Give the option clientKey the key that `credveil client add` printed; one that was revoked is not taken again.',
  ],
  QUOTA_EXCEEDED: [
    'the quota of this client is used up',
    'Ask the operator of the service for more, or check fewer logins.',
  ],
  BODY_TOO_LARGE: ['an answer is longer than allowed', 'Raise maxBodyBytes, or publish with smaller buckets.'],
  BODY_MALFORMED: [
    'a bucket is cut, compressed or otherwise not what the service announced',
    'Look for a proxy that alters bodies.',
  ],
  BODY_FORGED: [
    'a bucket does not carry the seal of this key, snapshot and prefix',
    'Something between the publisher and this process altered or swapped it: treat it as an attack until explained.',
  ],
  CONFIG_MALFORMED: [
    '/v1/config is not what a Credveil server sends',
    'Check that the URL is that of a Credveil server.',
  ],
  CONFIG_FORGED: [
    '/v1/config does not carry the seal of this key',
    'Something between the publisher and this process altered it: treat it as an attack until explained.',
  ],
  CONFIG_UNSUPPORTED: [
    'the service speaks of a protocol that this client does not know',
    'Use client and server of the same major version.',
  ],
  KEY_MISMATCH: [
    'the key is not that of the dataset, or the service evaluates with another one',
    'Give the key that the dataset was made with; `credveil stats` shows its id. If it is that one, trust no answer of this service.',
  ],
  DATASET_MISMATCH: [
    'the service serves another dataset than the pinned one',
    'Check the URL and the option `dataset`.',
  ],
  SNAPSHOT_CHANGED: [
    'the snapshot changed twice during one check',
    'Ask again; if it goes on, the servers behind the URL serve different snapshots.',
  ],
  SNAPSHOT_OLDER: [
    'the service went back to a snapshot before one that it served earlier',
    'Look for a cache or a server that was left behind. After a wanted step back, publish again or make a new checker.',
  ],
  INDEX_MISSING: [
    'the dataset has no index for what was asked',
    'Ask for a pair where it has `account`, for a password where it has `password`.',
  ],
  NOTHING_ASKED: ['an empty field alone asks nothing', 'Refuse empty fields where they enter your program.'],
  FIELD_TOO_LONG: [
    'a username or password is longer than 65,535 bytes',
    'Refuse fields of this length where they enter your program.',
  ],
  CREDENTIAL_UNREADABLE: [
    'an adapter cannot tell the credential of a request',
    'Put the body parser before the adapter, or give the option `fields` a function.',
  ],
  CHECK_FAILED: [
    'the check failed in a way that is not meant to happen',
    'Give `onError` a function and look at its third argument.',
  ],
};

/** @param detail what the message says after the colon; never a user's */
export function lookupFailure(
  reason: UnknownReason | FilterReason,
  options: { cause?: unknown; detail?: string } = {},
): LookupError {
  const [message, hint] = { ...TEXTS, ...FILTER_TEXTS }[reason];
  const { cause, detail } = options;
  return new LookupError(reason, detail === undefined ? message : `${message}: ${detail}`, hint, { cause });
}

/** The reason in a failure of the service. Anything else is a defect of this package and goes on as it is. */
export function reasonOf(error: unknown): UnknownReason {
  if (error instanceof LookupError && Object.hasOwn(TEXTS, error.code)) return error.code as UnknownReason;
  throw error;
}
