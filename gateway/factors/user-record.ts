// What the state has of a user's factors: one text each, sealed with AES-256-GCM, so that whoever
// reads the file of the state learns no secret and nobody's name.

import { createHmac, type KeyObject } from 'node:crypto';
import { closeBox, openBox } from '../state/sealed-box.ts';
import { StateError } from '../state/state.ts';
import type { EnrolledMethod, KeyCredential, UserId } from './factor.ts';
import { stepAt, TOTP_WINDOW } from './totp.ts';

export interface StoredFactor {
  readonly id: string;
  readonly method: EnrolledMethod;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly trustedFrom: number;
  /** The secret in base64url, and the step that counted last. */
  readonly totp?: { readonly secret: string; readonly step: number };
  readonly key?: KeyCredential;
}

/** A code that waits to be typed once. */
export interface WaitingCode {
  readonly hash: string;
  readonly until: number;
  /** What was typed instead of it. */
  readonly wrong: number;
}

/** A recovery code was used: until then, it opens one enrolment. */
export interface RecoveryMark {
  readonly id: string;
  readonly until: number;
}

/** Codes of apps that were wrong in a row, and until when none counts. */
export interface WrongCodes {
  readonly count: number;
  readonly until: number;
}

export const NO_WRONG_CODES: WrongCodes = { count: 0, until: 0 };

export interface UserRecord {
  readonly user: UserId;
  /** When the operator first imported them; undefined if they never did. */
  readonly importedAt?: number;
  /** There was a factor once. It never becomes false again. */
  readonly hadFactor: boolean;
  readonly factors: readonly StoredFactor[];
  /** Hashes of recovery codes that are not used. */
  readonly recovery: readonly string[];
  /** Of recovery codes that were used, and have enrolled nothing so far. Default: none. */
  readonly recovered?: readonly RecoveryMark[];
  /** Of an administrator. */
  readonly code?: WaitingCode;
  /** Mailed, for a first factor. */
  readonly mailed?: WaitingCode;
  /** When such codes were mailed, of the last hour. */
  readonly mailedAt: readonly number[];
  /** In sessions. */
  readonly wrong: WrongCodes;
  /** For logins that are held back. Default: none. */
  readonly wrongAtRelease?: WrongCodes;
  /** In browsers that are known. Default: none. */
  readonly wrongIn?: { readonly [browser: string]: WrongCodes };
  /** The time of the last restored state that it knows of. Default: none. */
  readonly restoredAt?: number;
}

const VERSION = 1;

/**
 * What is left of a record that may be of before. Whatever counts once may have been used since:
 * codes of apps until now, which are good for a minute, and all others. Whether there was a factor
 * meanwhile, nobody knows.
 */
export function afterRestore({ code, mailed, ...record }: UserRecord, restoredAt: number): UserRecord {
  const lastStep = stepAt(restoredAt) + TOTP_WINDOW;
  const factors = record.factors.map((factor) =>
    factor.totp ? { ...factor, totp: { ...factor.totp, step: Math.max(factor.totp.step, lastStep) } } : factor,
  );
  return { ...record, factors, hadFactor: true, recovery: [], recovered: [], restoredAt };
}

export const newUser = (user: UserId): UserRecord => ({
  user,
  hadFactor: false,
  factors: [],
  recovery: [],
  mailedAt: [],
  wrong: NO_WRONG_CODES,
});

/** Each for factors alone. */
export interface FactorKeys {
  readonly seal: KeyObject;
  readonly names: KeyObject;
}

/** Names, seals and opens. */
export class FactorSeal {
  readonly #keys: FactorKeys;

  constructor(keys: FactorKeys) {
    this.#keys = keys;
  }

  /** Names something in the state, or to an authenticator. @returns 32 bytes, base64url */
  nameOf(...parts: readonly string[]): string {
    return createHmac('sha256', this.#keys.names).update(JSON.stringify(parts)).digest('base64url');
  }

  /** @param place where it stands: it opens nowhere else */
  close(place: string, text: string): string {
    return closeBox(this.#keys.seal, Buffer.from(place), Buffer.from(text)).toString('base64url');
  }

  /** @throws StateError `STATE_CORRUPT` for what was not sealed for this place, under this key */
  open(place: string, sealed: string): string {
    try {
      return openBox(this.#keys.seal, Buffer.from(place), Buffer.from(sealed, 'base64url')).toString('utf8');
    } catch (cause) {
      throw corrupt(cause);
    }
  }
}

export const formatUser = (record: UserRecord): string => JSON.stringify([VERSION, record]);

/** @throws StateError `STATE_CORRUPT` for what `formatUser` did not write */
export function parseUser(text: string): UserRecord {
  const [version, record] = JSON.parse(text) as [number, UserRecord];
  if (version !== VERSION) throw corrupt();
  return record;
}

const corrupt = (cause?: unknown): StateError =>
  new StateError(
    'STATE_CORRUPT',
    'factors in the state were changed, or belong to another gateway.key',
    'Restore gateway.key and the state from one backup.',
    { cause },
  );
