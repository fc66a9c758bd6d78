// What the process that counts is asked: about keyed hashes and numbers alone. No username,
// address, header or cookie is part of it, but networks, which an operator has to recognise.

/** One key of a limit, and what the limit does. */
export interface LimitNeed {
  readonly limit: string;
  /** Hash of the application, the limit and all values of the key but the username. */
  readonly place: string;
  /** Hash of the username. */
  readonly name?: string;
  readonly allow: number;
  readonly windowMs: number;
  readonly banMs: number;
  /** A success starts the count anew. */
  readonly isConsecutive: boolean;
  /** The attempt is one that the limit acts on. */
  readonly acts: boolean;
  /** Workers have bans of it too, since it acts on more than logins. */
  readonly isForAll: boolean;
  /** Does not concern a browser that the user has logged in with before. */
  readonly sparesDevices: boolean;
  /** As `credveil gateway limits` shows it. */
  readonly network?: string;
}

export interface AdmitQuestion {
  readonly app: string;
  /** Hashes of the usernames that the application may read. */
  readonly names: readonly string[];
  readonly device?: string;
  readonly needs: readonly LimitNeed[];
}

export interface Refused {
  readonly limit: string;
  readonly retryAfterMs: number;
  /** The limit has a key with the username, so that others than the user may have filled it. */
  readonly isOfUser: boolean;
  /** Lifts it. None where attempts are not decided yet, or a request has too much in it. */
  readonly ban?: string;
}

export type AdmitAnswer = { readonly reservation: number } | { readonly refused: Refused };

export interface SettleQuestion {
  readonly reservation: number;
  /** Names of the limits that count the attempt. */
  readonly counts: readonly string[];
  readonly isSuccess: boolean;
  /** Hash of the application's own name of the user. */
  readonly canonical?: string;
  /** Of the browser from now on, after a success. */
  readonly device?: string;
}

/** A ban in force. */
export interface BanEntry {
  /** Lifts it. */
  readonly id: string;
  readonly app: string;
  readonly limit: string;
  readonly network?: string;
  /** The beginning of the hash of the username. */
  readonly user?: string;
  readonly forMs: number;
}

export interface BanPage {
  readonly bans: readonly BanEntry[];
  /** Of all pages. */
  readonly total: number;
}

/** A ban by its id, or everything that is counted and banned of a user. */
export type LiftRequest = { readonly id: string } | { readonly app: string; readonly username: string };

/** `name` is the hash of a username. */
export type LiftQuestion = { readonly id: string } | { readonly name: string };

/** What a worker asks for at its start, page by page: places, and how long they are banned. */
export interface BannedPlaces {
  readonly places: readonly (readonly [place: string, forMs: number])[];
  /** For the next page; undefined with the last one. */
  readonly after?: string;
}
