// Whoever keeps the factors of people: the process that has the state. Each question is one step,
// which is on the disk before its answer: what was used once never counts again.

import { hash, randomBytes, randomInt } from 'node:crypto';
import { isSameSecret } from '../../runtime/same-secret.ts';
import { marksOf, openFor } from './authority.ts';
import { emailOf, type UserFactors, type UserId } from './factor.ts';
import type {
  CodeAnswer,
  DrawnTotp,
  EnrolAnswer,
  Enrolment,
  NewFactor,
  RemoveAnswer,
  RemoveQuestion,
  TypedAnswer,
  TypedAt,
} from './factor-messages.ts';
import {
  changeUser,
  isWaiting,
  keyOf,
  publicOf,
  readUser,
  removal,
  type Step,
  type TakeStep,
  type UserStore,
  withFactor,
} from './factor-steps.ts';
import { findStep, TOTP_SECRET_BYTES, toBase32, totpUri } from './totp.ts';
import { drawCode, hashOfCode } from './typed-codes.ts';
import { newUser, type StoredFactor, type UserRecord } from './user-record.ts';
import { withRight, wrongAt, wrongTyped } from './wrong-codes.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MAX_FACTORS = 16;
/** Of apps: with each, more guesses are right. A new telephone takes over from an old one. */
const MAX_APPS = 2;
const RECOVERY_CODES = 10;
const MAILED_DIGITS = 8;
const MAILED_TTL_MS = 10 * MINUTE;
const MAILS_AN_HOUR = 5;
const PENDING_TTL_MS = 10 * MINUTE;
/** For which a recovery code that was used opens an enrolment. */
const RECOVERED_MS = 10 * MINUTE;
/** No code of a moment ago makes a factor worth more than TOTP sooner. */
const TRUST_MS = DAY;

export interface FactorRules {
  /** How long after an import people enrol without a code. */
  readonly windowMs: number;
  /** A mailed code is enough for a first factor. */
  readonly byMail: boolean;
  /** As authenticators call the gateway. */
  readonly issuer: string;
}

export interface FactorBookOptions extends UserStore {
  /** Of the configuration in force. */
  readonly rules: () => FactorRules;
  /** Mails a code. */
  readonly mail: (user: UserId, code: string) => void;
  /** Default: the clock of the machine. */
  readonly now?: () => number;
}

/** Every function throws StateError. */
export class FactorBook {
  readonly #options: FactorBookOptions;

  constructor(options: FactorBookOptions) {
    this.#options = options;
  }

  async describe(user: UserId): Promise<UserFactors> {
    const record = this.#read(user) ?? newUser(user);
    const { windowMs, byMail } = this.#options.rules();
    const now = this.#now();
    const { importedAt, code } = record;
    return {
      factors: record.factors.map((factor) => ({ ...publicOf(factor), ...(factor.key && { key: factor.key }) })),
      recoveryLeft: record.recovery.length,
      recovered: marksOf(record, now).map(({ id }) => id),
      handle: this.#options.seal.nameOf('handle', user),
      firstBy: record.hadFactor
        ? undefined
        : {
            window: importedAt !== undefined && now < importedAt + windowMs,
            mail: byMail && emailOf(user) !== undefined,
          },
      hasCode: isWaiting(code, now),
    };
  }

  /** A code of an app. It counts once, and of wrong ones few. */
  tryTotp(user: UserId, code: string, at: TypedAt): Promise<TypedAnswer> {
    return this.#step(user, (record, now): Step<TypedAnswer> => {
      const apps = record.factors.filter(({ totp }) => totp);
      if (apps.length === 0) return { answer: { refused: 'wrong' } };
      const { until } = wrongAt(record, at);
      if (now < until) return { answer: { refused: 'wait', waitMs: until - now } };
      // Each is asked, so that the time says nothing of which.
      const [used] = apps.map((app) => usedNow(app, code, now)).filter((each) => each !== undefined);
      if (!used) return wrongTyped(record, at, now);
      return {
        answer: { given: { factor: used.id, trustedFrom: used.trustedFrom } },
        record: withFactor(withRight(record, at), used),
      };
    });
  }

  /** No guess of 80 bits comes true: whoever guesses at codes of apps does not keep these away. */
  tryRecovery(user: UserId, typed: string): Promise<TypedAnswer> {
    return this.#step(user, (record, now): Step<TypedAnswer> => {
      const given = hashOfCode(typed);
      const found = given === undefined ? undefined : record.recovery.find((each) => isSameSecret(each, given));
      if (found === undefined) return { answer: { refused: 'wrong' } };
      const recovery = record.recovery.filter((each) => each !== found);
      const mark = { id: drawId(), until: now + RECOVERED_MS };
      return {
        answer: { given: { factor: mark.id, trustedFrom: now + TRUST_MS } },
        record: { ...record, recovery, recovered: [...marksOf(record, now), mark] },
        tell: { change: 'recovery-used', left: recovery.length },
      };
    });
  }

  /**
   * An authenticator signed, and a worker verified it.
   * @returns undefined where it is not theirs any more, or another with the same key was used later
   */
  useKey(user: UserId, factorId: string, counter: number): Promise<{ readonly trustedFrom: number } | undefined> {
    return this.#step(user, (record, now) => {
      const factor = record.factors.find(({ id }) => id === factorId);
      if (!factor?.key) return { answer: undefined };
      const { counter: before } = factor.key;
      // WebAuthn Level 3 §6.1.1: of an authenticator that counts, it only rises.
      if ((counter > 0 || before > 0) && counter <= before) return { answer: undefined };
      const used = { ...factor, lastUsedAt: now, key: { ...factor.key, counter } };
      return { answer: { trustedFrom: factor.trustedFrom }, record: withFactor(record, used) };
    });
  }

  async drawTotp(user: UserId): Promise<DrawnTotp> {
    const secret = randomBytes(TOTP_SECRET_BYTES);
    const pending = JSON.stringify([this.#now() + PENDING_TTL_MS, secret.toString('base64url')]);
    return {
      secret: toBase32(secret),
      uri: totpUri(secret, { issuer: this.#options.rules().issuer, user }),
      pending: this.#options.seal.close(`pending ${user}`, pending),
    };
  }

  /** Whether a code of an administrator, or a mailed one, lets them enrol, which uses it. */
  checkCode(user: UserId, typed: string): Promise<CodeAnswer> {
    return this.#step(user, (record, now): Step<CodeAnswer> => {
      const { code, mailed } = record;
      const ofCode = hashOfCode(typed);
      if (isWaiting(code, now) && ofCode !== undefined) {
        if (isSameSecret(code.hash, ofCode)) return { answer: { authority: { kind: 'code', hash: ofCode } } };
        return { answer: { refused: 'wrong' }, record: { ...record, code: { ...code, wrong: code.wrong + 1 } } };
      }
      const ofMail = hashOfMailed(user, typed);
      if (!isWaiting(mailed, now) || ofMail === undefined || record.hadFactor) return { answer: { refused: 'wrong' } };
      if (isSameSecret(mailed.hash, ofMail)) return { answer: { authority: { kind: 'mail', hash: ofMail } } };
      return { answer: { refused: 'wrong' }, record: { ...record, mailed: { ...mailed, wrong: mailed.wrong + 1 } } };
    });
  }

  /** A code goes to their address, if a first factor may be enrolled so. Nothing says whether. */
  async mailCode(user: UserId): Promise<void> {
    const code = String(randomInt(10 ** MAILED_DIGITS)).padStart(MAILED_DIGITS, '0');
    const isSent = await this.#step(user, (record, now): Step<boolean> => {
      const mailedAt = record.mailedAt.filter((at) => at > now - HOUR);
      const isOpen = this.#options.rules().byMail && emailOf(user) !== undefined && !record.hadFactor;
      if (!isOpen || mailedAt.length >= MAILS_AN_HOUR) return { answer: false };
      const mailed = { hash: hashOfMailed(user, code) ?? '', until: now + MAILED_TTL_MS, wrong: 0 };
      return { answer: true, record: { ...record, mailed, mailedAt: [...mailedAt, now] } };
    });
    if (isSent) this.#options.mail(user, code);
  }

  enrol({ user, authority, factor }: Enrolment): Promise<EnrolAnswer> {
    return this.#step(user, (record, now, isEnrolled): Step<EnrolAnswer> => {
      const open = openFor(record, authority, this.#options.rules().windowMs, now);
      if (!open) return { answer: { refused: 'closed' } };
      const isOneMore = factor.method === 'totp' && record.factors.filter(({ totp }) => totp).length >= MAX_APPS;
      if (record.factors.length >= MAX_FACTORS || isOneMore) return { answer: { refused: 'limit' } };
      if (factor.method !== 'totp' && isEnrolled(factor.key.id)) return { answer: { refused: 'taken' } };
      const made = this.#make(user, factor, now);
      if (!made) return { answer: { refused: 'wrong' } };
      const stored = { ...made, trustedFrom: authority.kind === 'code' ? now : now + TRUST_MS };
      return {
        answer: { factor: publicOf(stored) },
        record: { ...open, hadFactor: true, factors: [...record.factors, stored] },
        tell: { change: 'enrolled', method: factor.method, name: factor.name, how: authority.kind },
        ...(factor.method !== 'totp' && { adds: factor.key.id }),
      };
    });
  }

  /** @returns whether there was one */
  rename(user: UserId, factorId: string, name: string): Promise<boolean> {
    return this.#step(user, (record) => {
      const factor = record.factors.find(({ id }) => id === factorId);
      if (!factor) return { answer: false };
      const { method, name: before } = factor;
      const tell = { change: 'renamed', method, name, before } as const;
      return { answer: true, record: withFactor(record, { ...factor, name }), tell };
    });
  }

  /** By its owner: with another factor, and never the last one. */
  async remove({ user, factor: factorId, by }: RemoveQuestion): Promise<RemoveAnswer> {
    const answer = await this.#step(user, (record, now): Step<RemoveAnswer> => {
      const factor = record.factors.find(({ id }) => id === factorId);
      if (!factor) return { answer: 'missing' };
      if (record.factors.length === 1) return { answer: 'last' };
      // What somebody enrolled a moment ago takes nothing away that was there before.
      const isTrusted = ({ id, trustedFrom }: StoredFactor): boolean =>
        id !== factorId && by.includes(id) && (trustedFrom <= now || factor.trustedFrom > now);
      if (!record.factors.some(isTrusted)) return { answer: 'untrusted' };
      return removal(record, [factor], 'owner', 'removed');
    });
    if (answer === 'removed') await this.#options.onRemoved(user, [factorId]);
    return answer;
  }

  /** In place of those of before. @returns them, whom nobody reads again; none without a factor */
  drawRecovery(user: UserId): Promise<readonly string[]> {
    return this.#step(user, (record): Step<readonly string[]> => {
      if (record.factors.length === 0) return { answer: [] };
      const codes = Array.from({ length: RECOVERY_CODES }, drawCode);
      const recovery = codes.map((code) => hashOfCode(code) ?? '');
      return { answer: codes, record: { ...record, recovery, recovered: [] }, tell: { change: 'recovery-drawn' } };
    });
  }

  #make(user: UserId, factor: NewFactor, now: number): Omit<StoredFactor, 'trustedFrom'> | undefined {
    const { method, name } = factor;
    const shared = { id: drawId(), method, name, createdAt: now, lastUsedAt: now };
    if (factor.method !== 'totp') return { ...shared, key: factor.key };
    const opened = this.#options.seal.open(`pending ${user}`, factor.pending);
    const [until, secret] = JSON.parse(opened) as [number, string];
    const step = until > now ? findStep(Buffer.from(secret, 'base64url'), factor.code, now, 0) : undefined;
    return step === undefined ? undefined : { ...shared, totp: { secret, step } };
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }

  /** For whoever changes users otherwise: see factor-admin.ts. */
  async #step<Answer>(user: UserId, take: TakeStep<Answer>): Promise<Answer> {
    return changeUser(this.#options, user, this.#now(), take);
  }

  #read(user: UserId): UserRecord | undefined {
    const { state, seal } = this.#options;
    return readUser(state, seal, keyOf(seal, user));
  }
}

/** With the step that counted; undefined for a wrong code. */
function usedNow(app: StoredFactor, code: string, now: number): StoredFactor | undefined {
  const { secret = '', step: last = 0 } = app.totp ?? {};
  const step = findStep(Buffer.from(secret, 'base64url'), code, now, last);
  return step === undefined ? undefined : { ...app, lastUsedAt: now, totp: { secret, step } };
}

/** Command lines take what begins with a hyphen for an option. */
const drawId = (): string => randomBytes(12).toString('base64url').replace(/^-/, 'A');

const hashOfMailed = (user: UserId, typed: string): string | undefined =>
  /^\d{8}$/.test(typed.trim())
    ? hash('sha256', `credveil mailed ${JSON.stringify([user, typed.trim()])}`, 'base64url')
    : undefined;
