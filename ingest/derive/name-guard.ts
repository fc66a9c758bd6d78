// Keeps the credentials of listed names out of a run: those of suppressed persons, and those of
// accounts that the operator planted, which are counted by their ids.

import { createHmac } from 'node:crypto';
import { HmacKernel, MAX_KERNEL_MESSAGE_BYTES } from '../../accel/hmac-kernel.ts';
import type { NormalizedUsername } from '../../protocol/brands.ts';
import { compareBytes, readU48 } from '../../protocol/bytes.ts';
import { USERNAME_RULES } from '../../protocol/normalize.ts';
import { createUsernameRewrite } from '../../protocol/username-rules.ts';
import { MARK_BYTES, NAME_MESSAGE_PREFIX, type NameMarks, pairMessage } from '../../store/retention/name-list.ts';
import type { RejectCounter } from '../rejects.ts';
import type { PlantedCounts } from '../report/planted.ts';
import type { Deriver } from './deriver.ts';
import { lowerCase } from './hmac-deriver.ts';

type Name = NameMarks['names'][number];

export interface FoundName {
  readonly name: Name;
  /** Normalized, in the spelling that is listed. */
  readonly username: Uint8Array;
}

/** Looks up normalized usernames, and counts what it finds. */
export class NameGuard {
  readonly #key: Uint8Array;
  readonly #kernel: HmacKernel;
  readonly #names = new Map<number, Name[]>();
  readonly hasPlanted: boolean;
  #suppressed = 0;
  #withheldPlanted = 0;
  readonly #counts = new Map<string, { names: number; pairs: number }>();

  constructor({ key, names }: NameMarks) {
    this.#key = key;
    this.#kernel = new HmacKernel(key, 1);
    this.hasPlanted = names.some(({ kind }) => kind === 'planted');
    for (const name of names) {
      const start = readU48(name.mark, 0);
      this.#names.set(start, [...(this.#names.get(start) ?? []), name]);
    }
  }

  /** Finds the username bytes[from, to), of which ASCII letters may be capitals, on the list. */
  find(bytes: Uint8Array, from: number, to: number): FoundName | undefined {
    if (to <= from) return undefined;
    // Of a name on both lists, one is counted: a line has one credential.
    const [name] = this.#listed(bytes, from, to);
    return name ? { name, username: lowered(bytes, from, to) } : this.#findRespelled(bytes, from, to);
  }

  /** Counts a credential that is left out. */
  withhold(found: FoundName, password: Uint8Array): void {
    if (found.name.kind === 'suppressed') {
      this.#suppressed++;
      return;
    }
    this.#withheldPlanted++;
    this.count(found, this.isPair(found, password));
  }

  /** Finds a username, of which ASCII letters may be capitals, among planted accounts alone. */
  findPlanted(username: Uint8Array): FoundName | undefined {
    const { length } = username;
    if (length === 0) return undefined;
    const name = this.#planted(username);
    return name ? { name, username: lowered(username, 0, length) } : this.#findRespelled(username, 0, length);
  }

  /** Whether a planted account has this password. */
  isPair({ name: { pairMark }, username }: FoundName, password: Uint8Array): boolean {
    return pairMark !== undefined && this.#digest(pairMessage(username, password)).equals(pairMark);
  }

  /** Counts a planted account. @param isPair whether its password was beside its name */
  count({ name: { id = '' } }: FoundName, isPair: boolean): void {
    const { names, pairs } = this.#counts.get(id) ?? { names: 0, pairs: 0 };
    this.#counts.set(id, { names: names + 1, pairs: pairs + (isPair ? 1 : 0) });
  }

  #findRespelled(bytes: Uint8Array, from: number, to: number): FoundName | undefined {
    const username = this.hasPlanted ? respell(bytes, from, to) : undefined;
    const name = username && this.#planted(username);
    return name && { name, username };
  }

  #planted(username: Uint8Array): Name | undefined {
    return this.#listed(username, 0, username.length).find(({ kind }) => kind === 'planted');
  }

  /** Moves the credentials that were found to the rejects. @returns their number */
  takeRejects(rejects: RejectCounter): { readonly withheld: number; readonly planted: PlantedCounts } {
    const planted = this.takePlanted();
    const seen = this.#withheldPlanted;
    const withheld = this.#suppressed + seen;
    if (this.#suppressed > 0) rejects.add('suppressed', this.#suppressed);
    if (seen > 0) rejects.add('planted', seen);
    this.#suppressed = 0;
    this.#withheldPlanted = 0;
    return { withheld, planted };
  }

  /** The planted accounts that were counted since the last call. */
  takePlanted(): PlantedCounts {
    const planted = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return planted;
  }

  #listed(bytes: Uint8Array, from: number, to: number): readonly Name[] {
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

function lowered(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const username = new Uint8Array(to - from);
  lowerCase(bytes, from, to, username);
  return username;
}

const rewrite = createUsernameRewrite(USERNAME_RULES);
const [PLUS, AT, HYPHEN, LETTER_G] = [0x2b, 0x40, 0x2d, 0x67];

/**
 * The name under every rule for spellings of an address, whatever those of the dataset: an alarm
 * too many costs a look. Undefined if the rules leave it as it is.
 */
function respell(bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
  let isPlain = true;
  for (let i = from; i < to && isPlain; i++) {
    const byte = bytes[i] as number;
    const next = lower(bytes[i + 1] ?? 0);
    // Tags, domains of Gmail, and those in Unicode or punycode.
    isPlain =
      byte !== PLUS && byte < 0x80 && !(byte === AT && next === LETTER_G) && !(byte === HYPHEN && next === HYPHEN);
  }
  if (isPlain) return undefined;
  const username = lowered(bytes, from, to);
  const respelled = rewrite(username as NormalizedUsername);
  return Buffer.compare(respelled, username) === 0 ? undefined : respelled;
}

/** Wraps `deriver`, which gets no credential of a listed name. */
export function withNameGuard(deriver: Deriver, guard: NameGuard | undefined): Deriver {
  if (!guard) return deriver;
  return {
    addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      const found = usernameFrom < 0 ? undefined : guard.find(bytes, usernameFrom, usernameTo);
      if (found) guard.withhold(found, bytes.subarray(passwordFrom, passwordTo));
      else deriver.addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times);
    },
    add(username, password, times) {
      const found = username && guard.find(username, 0, username.length);
      if (found) guard.withhold(found, password);
      return found !== undefined || deriver.add(username, password, times);
    },
    seeName(username) {
      // Of a line that is rejected for its password.
      const found = guard.findPlanted(username);
      if (found) guard.count(found, false);
    },
    flush: () => deriver.flush(),
  };
}
