// Keeps the credentials of listed names out of a run: those of suppressed persons, and those of
// accounts that the operator planted, which are counted by their ids.

import { createHmac } from 'node:crypto';
import { HmacKernel, MAX_KERNEL_MESSAGE_BYTES } from '../../accel/hmac-kernel.ts';
import { compareBytes, readU48 } from '../../protocol/bytes.ts';
import { MARK_BYTES, NAME_MESSAGE_PREFIX, type NameMarks, pairMessage } from '../../store/retention/name-list.ts';
import type { RejectCounter } from '../rejects.ts';
import type { PlantedCounts } from '../report/planted.ts';
import type { Deriver } from './deriver.ts';
import { lowerCase } from './hmac-deriver.ts';

type Name = NameMarks['names'][number];

/** Looks up normalized usernames, and counts what it finds. */
export class NameGuard {
  readonly #key: Uint8Array;
  readonly #kernel: HmacKernel;
  readonly #names = new Map<number, Name[]>();
  #suppressed = 0;
  #withheldPlanted = 0;
  readonly #planted = new Map<string, { names: number; pairs: number }>();

  constructor({ key, names }: NameMarks) {
    this.#key = key;
    this.#kernel = new HmacKernel(key, 1);
    for (const name of names) {
      const start = readU48(name.mark, 0);
      this.#names.set(start, [...(this.#names.get(start) ?? []), name]);
    }
  }

  /** Whether the username bytes[from, to), of which ASCII letters may be capitals, is listed. */
  holds(bytes: Uint8Array, from: number, to: number, password: Uint8Array): boolean {
    if (to <= from) return false;
    const names = this.#find(bytes, from, to);
    for (const { kind, id = '', pairMark } of names) {
      if (kind === 'suppressed') this.#suppressed++;
      else {
        const username = new Uint8Array(to - from);
        lowerCase(bytes, from, to, username);
        const isPair = pairMark && this.#digest(pairMessage(username, password)).equals(pairMark);
        this.#count(id, isPair === true, 'withheld');
      }
      // Of a name on both lists, one is counted: a line has one credential.
      return true;
    }
    return false;
  }

  /** Counts the name of a planted account whose line is rejected for its password. */
  see(username: Uint8Array): void {
    if (username.length === 0) return;
    for (const { kind, id = '' } of this.#find(username, 0, username.length))
      if (kind === 'planted') this.#count(id, false, 'rejected');
  }

  /** Moves the credentials that were found to the rejects. @returns their number */
  takeRejects(rejects: RejectCounter): { readonly withheld: number; readonly planted: PlantedCounts } {
    const planted = Object.fromEntries(this.#planted);
    const seen = this.#withheldPlanted;
    const withheld = this.#suppressed + seen;
    if (this.#suppressed > 0) rejects.add('suppressed', this.#suppressed);
    if (seen > 0) rejects.add('planted', seen);
    this.#suppressed = 0;
    this.#withheldPlanted = 0;
    this.#planted.clear();
    return { withheld, planted };
  }

  #count(id: string, isPair: boolean, line: 'withheld' | 'rejected'): void {
    const { names, pairs } = this.#planted.get(id) ?? { names: 0, pairs: 0 };
    this.#planted.set(id, { names: names + 1, pairs: pairs + (isPair ? 1 : 0) });
    if (line === 'withheld') this.#withheldPlanted++;
  }

  #find(bytes: Uint8Array, from: number, to: number): readonly Name[] {
    const length = 1 + to - from;
    let mark: Uint8Array;
    let at = 0;
    if (length <= MAX_KERNEL_MESSAGE_BYTES) {
      const kernel = this.#kernel;
      mark = kernel.bytes;
      const start = kernel.messageAt;
      mark[start] = NAME_MESSAGE_PREFIX;
      for (let i = from; i < to; i++) mark[start + 1 + i - from] = lower(bytes[i] as number);
      at = kernel.digestAt(kernel.commitMessage(length));
      kernel.run();
    } else {
      const message = new Uint8Array(length);
      message[0] = NAME_MESSAGE_PREFIX;
      lowerCase(bytes, from, to, message.subarray(1));
      mark = this.#digest(message);
    }
    const names = this.#names.get(readU48(mark, at));
    return names?.filter((name) => compareBytes(name.mark, 0, mark, at, MARK_BYTES) === 0) ?? NONE;
  }

  #digest(message: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(message).digest().subarray(0, MARK_BYTES);
  }
}

const NONE: readonly Name[] = [];
const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

/** Wraps `deriver`, which gets no credential of a listed name. */
export function withNameGuard(deriver: Deriver, guard: NameGuard | undefined): Deriver {
  if (!guard) return deriver;
  return {
    addAscii(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      const isHeld =
        usernameFrom >= 0 && guard.holds(bytes, usernameFrom, usernameTo, bytes.subarray(passwordFrom, passwordTo));
      if (!isHeld) deriver.addAscii(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times);
    },
    add: (username, password, times) =>
      (username !== undefined && guard.holds(username, 0, username.length, password)) ||
      deriver.add(username, password, times),
    seeName: (username) => guard.see(username),
    flush: () => deriver.flush(),
  };
}
