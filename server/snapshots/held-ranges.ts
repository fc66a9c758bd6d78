// Bodies of ranges in memory. The buffer of one that is let go takes the next one: new buffers of
// tens of kilobytes cost more than all else that is done for a range.
//
// Which one is let go says SIEVE (Zhang et al., NSDI 2024): a hand goes from the oldest to the
// newest and begins anew, passes over what was asked for since it came by, and takes the rest.

import { RoomPool } from './room-pool.ts';

/** Making a smaller body takes no longer than finding it. */
const MIN_HELD_BYTES = 1024;
/** Memory that is needed for a body in addition to its bytes. */
const OVERHEAD_BYTES = 256;
/** Ranges of one dataset differ by a few percent, and share buffers of these lengths. */
const ROOM_STEP_BYTES = 2 ** 12;

const pool = new RoomPool();

/** What a response sends. The bytes must not be changed. */
export interface SentBody {
  readonly bytes: Buffer;
  /** To be called once they are sent; undefined if nobody waits for that. */
  readonly onSent?: (() => void) | undefined;
}

/** In a buffer that is given back once it is neither held nor sent. */
class Body implements SentBody {
  readonly bytes: Buffer;
  readonly #room: Buffer;
  #isHeld = false;
  #isSent = false;
  /** Nobody knows when the others are sent. */
  #hasOthers = false;
  wasAsked = false;

  constructor(content: Buffer) {
    this.#room = pool.take(Math.ceil(content.length / ROOM_STEP_BYTES) * ROOM_STEP_BYTES);
    this.bytes = this.#room.subarray(0, content.length);
    this.bytes.set(content);
  }

  /** What it takes of the memory. */
  get size(): number {
    return this.#room.length + OVERHEAD_BYTES;
  }

  readonly onSent = (): void => {
    this.#isSent = true;
    this.#giveBack();
  };

  /** For one more response. */
  again(): Buffer {
    this.wasAsked = true;
    this.#hasOthers = true;
    return this.bytes;
  }

  hold(): void {
    this.#isHeld = true;
  }

  letGo(): void {
    this.#isHeld = false;
    this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#isHeld && this.#isSent && !this.#hasOthers) pool.give(this.#room);
  }
}

export class HeldRanges {
  readonly #maxBytes: number;
  readonly #bodies = new Map<number, Body>();
  #hand = this.#bodies.entries();
  #bytes = 0;

  /** @param maxBytes memory of all bodies together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: number): Buffer | undefined {
    return this.#bodies.get(key)?.again();
  }

  /** Holds a copy of the content, if it is worth its memory, for the response that asked for it. */
  add(key: number, content: Buffer): SentBody {
    const isHeld =
      content.length >= MIN_HELD_BYTES && this.#makeRoom(content.length + ROOM_STEP_BYTES + OVERHEAD_BYTES);
    const body = new Body(content);
    if (!isHeld) return body;
    body.hold();
    this.#bodies.set(key, body);
    this.#bytes += body.size;
    return body;
  }

  /** @returns false if the memory is less than that */
  #makeRoom(bytes: number): boolean {
    if (bytes > this.#maxBytes) return false;
    while (this.#bytes + bytes > this.#maxBytes) {
      const { value, done } = this.#hand.next();
      if (done) this.#hand = this.#bodies.entries();
      else if (value[1].wasAsked) value[1].wasAsked = false;
      else this.#letGo(...value);
    }
    return true;
  }

  #letGo(key: number, body: Body): void {
    this.#bodies.delete(key);
    this.#bytes -= body.size;
    body.letGo();
  }
}
