// The counts of all limits, in the one process that every worker asks.
//
// An attempt takes its slots before it is forwarded, and gives back those that do not count it. So
// many at once let through exactly the quota, and an attempt whose worker dies counts.

import type { WindowNeed } from '../state/state.ts';
import { Bans, idOf } from './bans.ts';
import { bucketOf, KnownDevices } from './known-devices.ts';
import type { AdmitAnswer, AdmitQuestion, LiftQuestion, LimitNeed, Refused, SettleQuestion } from './limit-messages.ts';
import type { LimitStore } from './limit-store.ts';

/** A need with its window. */
interface Keyed extends LimitNeed {
  readonly key: string;
  /** Hash of the application's own name of the user, if a login has shown it. */
  readonly user?: string;
}

interface Slot extends Keyed {
  /** False where it acts on nothing, and its window was full. */
  readonly isTaken: boolean;
}

interface Reservation {
  readonly holder: object;
  readonly question: AdmitQuestion;
  readonly at: number;
  readonly slots: readonly Slot[];
  /** The window of the browser, if it is known. */
  readonly bucket: WindowNeed | undefined;
}

interface Refusing {
  readonly refused: Refused;
  /** The ban that refuses from now on. */
  readonly written?: Promise<void>;
}

/** When an attempt counts that nobody settles. */
const MAX_OPEN_MS = 15 * 60_000;
/** Where all slots are taken by attempts that are not decided yet. */
const UNDECIDED_MS = 1_000;
const ALIAS_TTL_MS = 180 * 86_400_000;
const MAX_ALIASES = 32;

export class LimitBook {
  readonly #store: LimitStore;
  readonly #devices: KnownDevices;
  readonly #reservations = new Map<number, Reservation>();
  /** Of attempts that are not decided, by key: when they took their slots. */
  readonly #undecided = new Map<string, number[]>();
  readonly bans: Bans;
  #lastId = 0;

  constructor(store: LimitStore) {
    this.#store = store;
    this.bans = new Bans(store);
    this.#devices = new KnownDevices(store);
  }

  /** @param holder what `release` is called with if it ends before it settles */
  async admit(holder: object, question: AdmitQuestion): Promise<AdmitAnswer> {
    this.#settleForgotten();
    const now = this.#store.now();
    const bucket = this.#bucketOf(question, now);
    const needs = question.needs.filter(({ sparesDevices }) => !bucket || !sparesDevices);
    const keyed = needs.map((need) => this.#keyed(need));
    const refusing = this.#bannedBy(keyed) ?? this.#fullBy(question, keyed, now);
    if (refusing) {
      // Nobody is told of a ban that may still be lost.
      await refusing.written;
      await this.#store.settled();
      return { refused: refusing.refused };
    }
    const slots = keyed.map((need) => ({ ...need, isTaken: need.acts || !this.#isFull(need, now) }));
    const reservation = ++this.#lastId;
    this.#reservations.set(reservation, { holder, question, at: now, slots, bucket });
    const taken: WindowNeed[] = [...slots.filter(({ isTaken }) => isTaken), ...(bucket ? [bucket] : [])];
    for (const { key } of taken) this.#undecided.set(key, [...(this.#undecided.get(key) ?? []), now]);
    await this.#store.changeWindows((windows) => {
      for (const need of taken) windows.add(need, now);
    });
    return { reservation };
  }

  /** @returns whether the browser has the new device now */
  async settle(holder: object, question: SettleQuestion): Promise<boolean> {
    const reservation = this.#reservations.get(question.reservation);
    if (reservation?.holder !== holder) return false;
    this.#reservations.delete(question.reservation);
    const { slots, bucket, at } = reservation;
    const counts = new Set(question.counts);
    const taken = slots.filter(({ isTaken }) => isTaken);
    for (const { key } of [...taken, ...(bucket ? [bucket] : [])]) this.#decide(key, at);
    const { names } = reservation.question;
    /** Of several names in one login, nobody knows which one has logged in. */
    const isWon = (name: string | undefined, user: string | undefined): boolean =>
      question.isSuccess && (name === undefined || names.length === 1 || user === question.canonical);
    const changed = this.#store.changeWindows((windows) => {
      for (const { key, limit, isConsecutive, name, user } of taken) {
        if (!counts.has(limit)) windows.remove(key, at);
        if (isConsecutive && isWon(name, user)) windows.clear(key, this.#undecided.get(key));
      }
      if (bucket && question.isSuccess) windows.clear(bucket.key, this.#undecided.get(bucket.key));
    });
    const now = this.#store.now();
    const full = slots.filter((slot) => counts.has(slot.limit) && this.#isDecidedFull(slot, now));
    const written: Promise<unknown>[] = full.map((slot) => this.bans.add(reservation.question.app, slot));
    if (bucket && this.#isDecidedFull(bucket, now)) written.push(this.#revoke(reservation));
    await Promise.all([changed, ...written]);
    return question.isSuccess && (await this.#recognise(reservation, question));
  }

  /** Its process has ended: what it has not settled counts. */
  async release(holder: object): Promise<void> {
    for (const [id, reservation] of this.#reservations)
      if (reservation.holder === holder) await this.#settleAsCounted(id, reservation);
  }

  /** @returns whether there was something to lift */
  async lift(question: LiftQuestion): Promise<boolean> {
    const keys: string[] = [];
    let isLifted: boolean;
    if ('id' in question) {
      const key = await this.bans.lift(question.id);
      isLifted = key !== undefined;
      if (key !== undefined) keys.push(key);
    } else {
      const name = this.#canonicalOf(question.name);
      keys.push(...[...this.#store.windows.keys()].filter((key) => key.endsWith(`.${name}`)));
      isLifted = (await this.bans.liftOwned(name)) > 0 || keys.length > 0;
    }
    await this.#store.changeWindows((windows) => {
      for (const key of keys) windows.clear(key, this.#undecided.get(key));
    });
    return isLifted;
  }

  async forgetDevices(name: string): Promise<void> {
    await this.#devices.forget(this.#canonicalOf(name));
  }

  #keyed(need: LimitNeed): Keyed {
    if (need.name === undefined) return { ...need, key: need.place };
    const user = this.#canonicalOf(need.name);
    return { ...need, user, key: `${need.place}.${user}` };
  }

  /** The application's own name of the user, if a login has shown it. */
  #canonicalOf(name: string): string {
    try {
      return this.#store.read('alias', name)?.value ?? name;
    } catch {
      return name;
    }
  }

  #bucketOf({ device, names }: AdmitQuestion, now: number): WindowNeed | undefined {
    if (device === undefined) return undefined;
    const bucket = bucketOf(device);
    const isFree = this.#store.windows.times(bucket, now).length < bucket.allow;
    const users = names.map((name) => this.#canonicalOf(name));
    return isFree && this.#devices.isKnown(device, users) ? bucket : undefined;
  }

  #bannedBy(needs: readonly Keyed[]): Refusing | undefined {
    let longest: Refused | undefined;
    for (const need of needs) {
      const retryAfterMs = need.acts ? this.bans.remaining(need, need.key) : 0;
      if (retryAfterMs > (longest?.retryAfterMs ?? 0)) longest = banned(need, retryAfterMs);
    }
    return longest && { refused: longest };
  }

  /** A full window bans, unless it may get room because attempts in it are not decided yet. */
  #fullBy({ app }: AdmitQuestion, needs: readonly Keyed[], now: number): Refusing | undefined {
    const full = needs.filter((need) => need.acts && this.#isFull(need, now));
    const decided = full.find((need) => this.#isDecidedFull(need, now));
    if (decided) return { refused: banned(decided, decided.banMs), written: this.bans.add(app, decided) };
    return full[0] && { refused: refusal(full[0], UNDECIDED_MS) };
  }

  #isFull(need: WindowNeed, now: number): boolean {
    return this.#store.windows.times(need, now).length >= need.allow;
  }

  #isDecidedFull(need: WindowNeed, now: number): boolean {
    const undecided = this.#undecided.get(need.key)?.length ?? 0;
    return this.#store.windows.times(need, now).length - undecided >= need.allow;
  }

  #decide(key: string, at: number): void {
    const times = this.#undecided.get(key) ?? [];
    const place = times.indexOf(at);
    const rest = place < 0 ? times : times.toSpliced(place, 1);
    if (rest.length === 0) this.#undecided.delete(key);
    else this.#undecided.set(key, rest);
  }

  async #revoke({ question: { device } }: Reservation): Promise<void> {
    if (device !== undefined) await this.#devices.revoke(device).catch(() => undefined);
  }

  /** The names that were typed are one user; and the browser is one of that user. */
  async #recognise(
    { question: { names, device }, slots }: Reservation,
    { canonical, device: next }: SettleQuestion,
  ): Promise<boolean> {
    const user = canonical ?? this.#canonicalOf(names[0] ?? '');
    try {
      // Of several names, nobody knows which one has logged in: the others may be anybody's.
      if (canonical !== undefined && names.length === 1) await this.#merge(names[0] ?? '', canonical, slots);
      if (next === undefined || (canonical === undefined && names.length !== 1)) return false;
      await this.#devices.renew(device, next, user);
      return true;
    } catch {
      // The state has reported it: the browser stays unknown.
      return false;
    }
  }

  async #merge(name: string, canonical: string, slots: readonly Slot[]): Promise<void> {
    if (name === canonical) return;
    await this.#store.set('alias', name, canonical, { ttlMs: ALIAS_TTL_MS, owner: canonical, maxOwned: MAX_ALIASES });
    await this.#store.changeWindows((windows) => {
      for (const slot of slots) if (slot.name === name) windows.merge(slot.key, `${slot.place}.${canonical}`);
    });
  }

  #settleForgotten(): void {
    const now = this.#store.now();
    for (const [id, reservation] of this.#reservations) {
      if (reservation.at > now - MAX_OPEN_MS) return;
      void this.#settleAsCounted(id, reservation);
    }
  }

  async #settleAsCounted(id: number, { holder, slots }: Reservation): Promise<void> {
    await this.settle(holder, { reservation: id, counts: slots.map(({ limit }) => limit), isSuccess: false });
  }
}

const refusal = ({ limit, name }: LimitNeed, retryAfterMs: number): Refused => ({
  limit,
  retryAfterMs,
  isOfUser: name !== undefined,
});

const banned = (need: Keyed, retryAfterMs: number): Refused => ({
  ...refusal(need, retryAfterMs),
  ban: idOf(need, need.key),
});
