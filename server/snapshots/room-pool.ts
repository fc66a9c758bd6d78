// Buffers that bodies are read into, used again once their response is sent: new ones of several
// kilobytes for each request would make the garbage collector a tenth of the work.

/** Bytes of buffers that wait to be used again. */
const MAX_WAITING_BYTES = 2 ** 22;

export class RoomPool {
  readonly #waiting = new Map<number, Buffer[]>();
  #waitingBytes = 0;

  /** A buffer of this length, with any content. */
  take(bytes: number): Buffer {
    const room = this.#waiting.get(bytes)?.pop();
    if (!room) return Buffer.allocUnsafeSlow(bytes);
    this.#waitingBytes -= bytes;
    return room;
  }

  /** Takes a buffer back that nothing reads any more. */
  give(room: Buffer): void {
    if (this.#waitingBytes + room.length > MAX_WAITING_BYTES) this.#letGo(room.length);
    if (this.#waitingBytes + room.length > MAX_WAITING_BYTES) return;
    this.#waitingBytes += room.length;
    const same = this.#waiting.get(room.length);
    if (same) same.push(room);
    else this.#waiting.set(room.length, [room]);
  }

  /** Others than of this length: maybe nobody asks for them any more, as after a publish. */
  #letGo(bytes: number): void {
    const same = this.#waiting.get(bytes) ?? [];
    this.#waiting.clear();
    this.#waiting.set(bytes, same);
    this.#waitingBytes = same.length * bytes;
  }
}
