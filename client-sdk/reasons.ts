// The reasons in words: loaded when an error is shown, since a verdict has the code alone.

import type { Reason } from './errors.ts';

/** What a reason means, and what to do next. */
type Texts = { readonly [reason in Reason]: readonly [message: string, hint: string] };

const ALTERED = 'Look for a proxy that alters response bodies.';
const FORGED = 'Compare the pinned line with `credveil key pin`. If it is right, treat this as an attack.';
const AT_ENTRY = 'Reject such fields where they enter your program.';

export const REASONS: Texts = {
  TIMEOUT: ['the service did not answer within the deadline', 'Check the service and the network, or raise timeoutMs.'],
  ABORTED: ["the caller's signal was aborted", 'Check again if you still need the answer.'],
  NETWORK: ['the service cannot be reached', 'Check the URL, the network and the server. Redirects are not followed.'],
  CIRCUIT_OPEN: [
    'the service failed several times, so no request was sent',
    'See the reasons of the previous checks. The checker retries on its own.',
  ],
  HTTP_STATUS: ['the service refused to answer', 'Check the base URL; see the log of the server, and of any proxy.'],
  CLIENT_REFUSED: [
    'the service does not accept this client',
    'Set clientKey to the key that `credveil client add` printed; a revoked one stays invalid.',
  ],
  QUOTA_EXCEEDED: ['the quota of this client is used up', 'Ask the operator of the service for a higher one.'],
  BODY_TOO_LARGE: ['a response is longer than allowed', 'Raise maxBodyBytes, or publish with smaller buckets.'],
  BODY_MALFORMED: ['a response is truncated, compressed or not what was announced', ALTERED],
  BODY_FORGED: ['a response is not what the publisher made for this snapshot and prefix', FORGED],
  HEAD_MALFORMED: ['/v1/head is not a Credveil head', 'Check that the URL is that of a Credveil server.'],
  HEAD_FORGED: ['no key that this client believes made the head', FORGED],
  STATEMENT_MALFORMED: ['the statement of the snapshot is malformed', ALTERED],
  STATEMENT_FORGED: ['the pinned key did not make the statement of the snapshot', FORGED],
  PROTOCOL_UNSUPPORTED: [
    'the service uses a protocol version that this client does not support',
    'Use client and server of the same major version.',
  ],
  KEY_MISMATCH: [
    'the key does not belong to the dataset, or the service evaluates with another key',
    'Pass all that `credveil key pin` prints. If it is the same, trust no answer of this service.',
  ],
  DATASET_MISMATCH: [
    'the service has another dataset than the pinned one',
    'Check the URL, also /d/<dataset id> and bucketsUrl, and the pinned line.',
  ],
  PREFIX_TOO_LONG: [
    'a request to this dataset would reveal more bits than allowed',
    'Publish with fewer prefix bits, or raise maxPrefixBits or lower minUsernames.',
  ],
  SNAPSHOT_CHANGED: [
    'the snapshot changed twice during one check',
    'If it happens again, the servers behind the URL differ.',
  ],
  SNAPSHOT_OLDER: [
    'the service returned an older snapshot than before',
    'Look for a stale cache or server. After an intended rollback, publish again.',
  ],
  SNAPSHOT_STALE: [
    'nobody has confirmed for too long that this is the current snapshot',
    'Run `credveil publish --renew` on a timer; look for a stale cache, and at the clock of this machine.',
  ],
  CLOCK_WRONG: ['the clock is behind that of the publisher, or was set back', 'Set the clock, for example with NTP.'],
  REPLICA_MISSING: ['there is no replica in its folder yet', 'Run `credveil replica pull`, or call `replica.pull`.'],
  REPLICA_UNREADABLE: [
    'files of the replica are missing, cut off or cannot be read',
    'Run `credveil replica pull --verify`, or call `replica.pull({ verify: true })`.',
  ],
  MEMORY_FAILED: [
    'the option `memory` did not return what was saved',
    'See the cause. If its text is damaged, delete it.',
  ],
  MODULE_FAILED: [
    'a module of the client, or its engine, cannot be loaded',
    'See the cause of the error of `ready`, and deploy every file of the bundle.',
  ],
  INDEX_MISSING: [
    'the dataset has no index for any part of the check',
    'Usernames need an `account` index, passwords alone a `password` index.',
  ],
  NOTHING_ASKED: ['the only field is empty', AT_ENTRY],
  FIELD_TOO_LONG: ['a username or password is too long: PROTOCOL.md §2, §3', AT_ENTRY],
  CREDENTIAL_UNREADABLE: [
    'an adapter cannot determine the credential of a request',
    'Mount the body parser before the adapter, or set the option `fields` to a function.',
  ],
  CHECK_FAILED: ['the check failed unexpectedly', 'See the cause: of `ready`, or in the third argument of `onError`.'],
  REPLICA_BUSY: ['another process is updating this replica', 'Wait for it; what it fetches serves all.'],
  REPLICA_UNWRITABLE: [
    'the folder of the replica cannot be written',
    'Fix what the system reports. What was fetched is kept, and the next pull goes on.',
  ],
  REPLICA_MISPLACED: [
    'the folder of the replica is that of a dataset, or has files that no pull has written',
    'Name a new or an empty folder, for the replica alone. Nothing was changed.',
  ],
  FILTER_MISSING: ['the service has no password filter', 'Publish with `--filter-one-in` above 0 if one is wanted.'],
  FILTER_TOO_LARGE: [
    'the password filter is longer than allowed',
    'Raise passwordFilter.maxBytes if the process has the memory.',
  ],
  FILTER_MALFORMED: [
    'the password filter is truncated, altered or not a filter',
    'Copy the whole file; look for a proxy that alters response bodies.',
  ],
  FILTER_FORGED: [
    'the password filter is not the one that the publisher made',
    'Treat it as an attack until explained.',
  ],
  FILTER_OTHER: [
    'the password filter belongs to another snapshot than the current one',
    'Export that of the current snapshot; a newer one is used once the service serves its snapshot.',
  ],
  FILTER_UNREADABLE: ['the source of the password filter failed', 'See the cause.'],
};
