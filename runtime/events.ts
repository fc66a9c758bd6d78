// Events for the operator. Their fields hold no part of a request, and of a client only its name.

import type { SnapshotId } from '../protocol/brands.ts';
import { CredveilError } from '../protocol/errors.ts';

export type ServerEvent =
  /** The first line of the gateway: `pid` is the process that takes signals. */
  | { readonly event: 'starting'; readonly pid: number; readonly version: string }
  | { readonly event: 'listening'; readonly url: string }
  | { readonly event: 'snapshot-opened'; readonly snapshot: SnapshotId }
  /** CURRENT went back: clients that saw the newer snapshot refuse this one. */
  | { readonly event: 'snapshot-older'; readonly snapshot: SnapshotId; readonly hint: string }
  /** The previous snapshot stays in use. */
  | { readonly event: 'snapshot-refused'; readonly code: string; readonly message: string; readonly hint: string }
  /** It names snapshots that the server holds as withdrawn: they are answered no more. */
  | { readonly event: 'snapshot-withdrawn'; readonly snapshot: SnapshotId; readonly hint: string }
  | { readonly event: 'head-renewed'; readonly snapshot: SnapshotId; readonly validUntil: string }
  /** The previous head stays in use. */
  | { readonly event: 'head-refused'; readonly snapshot: SnapshotId; readonly code: string; readonly hint: string }
  /** Less than a quarter of its life is left, or nothing: clients then refuse the snapshot. */
  | {
      readonly event: 'head-expiring' | 'head-expired';
      readonly snapshot: SnapshotId;
      readonly validUntil: string;
      readonly hint: string;
    }
  | { readonly event: 'tls-loaded'; readonly notAfter: string }
  /** Clients refuse an expired certificate; an expiring one has less than 14 days left. */
  | {
      readonly event: 'tls-expiring' | 'tls-expired';
      readonly code: string;
      readonly notAfter: string;
      readonly message: string;
      readonly hint: string;
    }
  /** A host may be asked for on a connection that was secured otherwise. */
  | { readonly event: 'tls-certificate-shared'; readonly app: string; readonly message: string; readonly hint: string }
  /** The previous files stay in use. */
  | { readonly event: 'tls-refused'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly event: 'worker-ready'; readonly pid: number }
  /** It answered nothing for so long, and was killed; `worker-exited` follows. */
  | { readonly event: 'worker-hung'; readonly pid: number; readonly silentMs: number }
  | { readonly event: 'worker-exited'; readonly pid: number; readonly why: string; readonly restartInMs: number }
  /** A worker that was to replace another did not start; another attempt follows. */
  | { readonly event: 'worker-failed'; readonly code: string; readonly message: string; readonly hint: string }
  /** Settings that changed: those in force now, and those that only a restart applies. */
  | { readonly event: 'config-reloaded'; readonly changed: readonly string[]; readonly needRestart: readonly string[] }
  /** A CREDVEIL_ variable that is no setting: its name is in the message. */
  | { readonly event: 'variable-ignored'; readonly message: string; readonly hint: string }
  /** Other machines reach the server without TLS. */
  | { readonly event: 'plain-http'; readonly message: string; readonly hint: string }
  /** The previous configuration stays in force. */
  | { readonly event: 'config-refused'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly event: 'clients-loaded'; readonly clients: number }
  /** The previous list stays in force. */
  | { readonly event: 'clients-refused'; readonly code: string; readonly message: string; readonly hint: string }
  /** Reported once per client, policy and window, by each process. */
  | { readonly event: 'quota-exceeded'; readonly client: string; readonly policy: string }
  /** A sink of alarms does not take them. They wait in the outbox. */
  | { readonly event: 'sink-failed'; readonly sink: string; readonly code: string; readonly hint: string }
  /** It did not take one for so long that the sender gave it up. */
  | { readonly event: 'alarm-given-up'; readonly sink: string; readonly code: string; readonly hint: string }
  /** Alarms could not be committed; they are with the next one, while the process runs. */
  | { readonly event: 'outbox-failed'; readonly code: string; readonly hint: string }
  | { readonly event: 'request-failed'; readonly code: string; readonly hint: string }
  | { readonly event: 'closing'; readonly deadlineMs: number }
  /** The gateway refused a request by itself. `request` is the number that its answer has. */
  | {
      readonly event: 'request-refused';
      readonly code: string;
      readonly app?: string;
      /** Of the application's access, that blocked it. */
      readonly policy?: string;
      /** On logins, that refused it; and of a login that was read, what was tried, and by whom. */
      readonly limit?: string;
      readonly login?: string;
      /** A keyed hash. */
      readonly user?: string;
      readonly request: string;
    }
  /** Somebody signed in with a provider of identities, on their way to an application. */
  | { readonly event: 'signed-in'; readonly provider: string; readonly app: string; readonly request: string }
  /** Or did not: `fault` says whose it is, `reason` which rule was broken. */
  | {
      readonly event: 'sign-in-failed';
      readonly provider: string;
      readonly fault: 'away' | 'refused' | 'invalid';
      readonly reason: string;
      readonly hint?: string;
      readonly request: string;
    }
  /** Somebody showed a factor: for an application, to change their own, or to release a login. */
  | { readonly event: 'factor-given'; readonly method: string; readonly purpose: string; readonly request: string }
  | { readonly event: 'factor-refused'; readonly purpose: string; readonly request: string }
  /** Of somebody, who is told by mail: enrolled, removed, renamed, recovery codes drawn or used. */
  | {
      readonly event: 'factor-changed';
      readonly change: string;
      readonly method?: string;
      /** What opened an enrolment, or who removed one. */
      readonly by?: string;
    }
  /** Somebody was not told. */
  | { readonly event: 'mail-failed'; readonly reason: string; readonly hint: string }
  /** A provider said that sessions ended, or what claimed to be one. */
  | { readonly event: 'signed-out-by-provider'; readonly provider: string; readonly sessions: number }
  /** Connections that were ended before a request, since the last such line. */
  | {
      readonly event: 'connections-refused';
      readonly code: string;
      readonly connections: number;
      readonly hint: string;
    }
  /** What the configuration of the gateway has that is allowed, and hardly meant. */
  | { readonly event: 'config-warning'; readonly code: string; readonly message: string; readonly hint: string }
  /** The gateway serves; `credveil gateway status` and `lists` have nobody to ask. */
  | { readonly event: 'admin-unavailable'; readonly code: string; readonly message: string; readonly hint: string }
  /** Decisions are not kept: `explain` and `replay` do not know of them. */
  | { readonly event: 'record-failed'; readonly code: string; readonly hint: string }
  /** One for each action. `rule-unknown` did nothing, since a value that it reads is unknown. */
  | {
      readonly event: 'rule-matched' | 'rule-unknown';
      readonly app: string;
      readonly rule: string;
      readonly action: string;
      readonly request: string;
    }
  /**
   * Servers may read a login in different ways: it was refused, or passed on with `unreadable:
   * pass`. `why` has no value of it.
   */
  | {
      readonly event: 'login-unreadable' | 'login-passed-unread';
      readonly app: string;
      readonly login: string;
      readonly why: string;
      readonly request: string;
    }
  /** At start: logins of an application pass where the gateway cannot tell what servers read. */
  | { readonly event: 'login-passes-unread'; readonly app: string; readonly message: string; readonly hint: string }
  /** At start: what becomes of logins at a location is guessed from cookies and redirects. */
  | { readonly event: 'login-outcome-guessed'; readonly app: string; readonly login: string; readonly hint: string }
  /** At start: the preset never ran against the application, and was read from its source alone. */
  | { readonly event: 'login-preset-untried'; readonly app: string; readonly preset: string; readonly hint: string }
  | {
      readonly event: 'upstream-failed';
      readonly code: string;
      readonly hint?: string;
      readonly app: string;
      readonly request: string;
    }
  /** No program gets in with a token, as long as tokens cannot be read. */
  | { readonly event: 'service-tokens-failed'; readonly code: string; readonly hint: string }
  /** What was known to be revoked stays so; all certificates are unknown if nothing can be read. */
  | {
      readonly event: 'revocations-failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  /** The previous file of countries or networks stays in use. */
  | {
      readonly event: 'geo-failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  /** Lists of addresses and texts that rules use. `forbidden` entries are private or too large. */
  | {
      readonly event: 'list-loaded';
      readonly list: string;
      readonly format: string;
      readonly entries: number;
      readonly unreadable: number;
      readonly forbidden: number;
    }
  /** The previous content stays in use. Reported once for each code in a row. */
  | {
      readonly event: 'list-failed' | 'list-refused';
      readonly list: string;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  /** Rules count it as unknown: it was never read, or confirmed longer ago than its `maxAge`. */
  | { readonly event: 'list-unknown'; readonly list: string; readonly hint: string }
  /** It has as many observed addresses as it may: the oldest leave for new ones. */
  | { readonly event: 'list-full'; readonly list: string; readonly hint: string }
  /** The gateway can ask the leak service. */
  | { readonly event: 'leaks-ready' }
  /** An application that answers by the header tells strangers which guesses leaked. */
  | { readonly event: 'login-header-before'; readonly app: string; readonly message: string; readonly hint: string }
  /** Until it can, every check of a login is `unknown`. */
  | { readonly event: 'leaks-unavailable'; readonly code: string; readonly message: string; readonly hint: string }
  /**
   * The gateway's state cannot be read or written: limits go on in memory, and what else depends on
   * it counts as absent. Reported once for each code in a row.
   */
  | { readonly event: 'state-failed'; readonly code: string; readonly hint: string }
  /** The gateway starts with a state of before: all sessions have ended. */
  | { readonly event: 'state-restored'; readonly hint: string }
  /**
   * What became of a login. `user` is a keyed hash. A failure has no verdict: a list of whose wrong
   * guesses leaked elsewhere would be worth stealing. `assumed` is what a client may have brought
   * about by itself.
   */
  | {
      readonly event: 'login';
      readonly app: string;
      readonly login: string;
      readonly outcome: string;
      readonly certainty?: 'proven' | 'assumed';
      readonly user?: string;
      readonly verdict?: string;
      readonly reason?: string;
      readonly address?: string;
      readonly request: string;
    }
  /** An application has no more checks for logins without proof, which are refused for a minute. */
  | { readonly event: 'checks-spent'; readonly app: string; readonly hint: string }
  | { readonly event: 'session-kept-back'; readonly app: string; readonly hint: string }
  /** At start: logins without proof pass without a check. */
  | { readonly event: 'login-passes-unchecked'; readonly app: string; readonly message: string; readonly hint: string }
  /** For people: a right password leaked, and the application wants them to hear of it. */
  | {
      readonly event: 'login-leaked';
      readonly app: string;
      readonly login: string;
      readonly user: string;
      readonly finding: 'pair' | 'similar' | 'password' | 'username';
      readonly request: string;
    }
  /** A login with a leaked password waits for its owner, has ended, or found no room to wait. */
  | {
      readonly event: 'login-held';
      readonly app: string;
      readonly login: string;
      readonly how: 'held' | 'waiting' | 'refused' | 'full';
      readonly request: string;
    }
  /** Its owner has confirmed it. */
  | { readonly event: 'login-released'; readonly app: string; readonly login: string; readonly request: string }
  /** Nobody has confirmed it: in time, or it was given up, or its program has left. */
  | {
      readonly event: 'login-abandoned';
      readonly app: string;
      readonly login: string;
      readonly how: 'late' | 'refused' | 'left';
      readonly request: string;
    }
  /** A mail about a held login was not sent. */
  | { readonly event: 'hold-mail-failed'; readonly app: string; readonly code: string; readonly hint: string }
  /** The application did not end the session of a login that nobody has confirmed. */
  | { readonly event: 'hold-logout-failed'; readonly app: string; readonly code: string; readonly hint: string }
  | { readonly event: 'closed' };

/**
 * Which of several workers an event is from; missing where it is from the process that started
 * them.
 */
export interface FromWorker {
  readonly worker?: number;
}

export type OnEvent = (event: ServerEvent & FromWorker) => void;

/** The code of an error without its message, which may come from a library and hold anything. */
export function nameError(error: unknown): { code: string; hint: string } {
  if (error instanceof CredveilError) return { code: error.code, hint: error.hint };
  const code = (error as { code?: unknown } | null)?.code;
  return {
    code: typeof code === 'string' ? code : error instanceof Error ? error.name : 'UNKNOWN',
    hint: SYSTEM_HINTS[String(code)] ?? 'Report this together with the version of credveil.',
  };
}

const PERMISSION = 'Let the user of this process read and write there.';
/** Of errors of the operating system, which are the operator's to mend. */
const SYSTEM_HINTS: { readonly [code: string]: string } = {
  ENOSPC: 'Free space on the disk, or name a folder on another one.',
  EDQUOT: 'Free space within the quota of this user, or name a folder elsewhere.',
  EROFS: 'Name a folder on a disk that can be written.',
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  ENOENT: 'See that the folder or file is still there.',
  EMFILE: 'Raise the number of files that this process may open (LimitNOFILE, ulimit -n).',
  ENFILE: 'Raise the number of files that this machine may have open (fs.file-max).',
};
