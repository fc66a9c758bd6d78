// What is open at the moment: connections, requests, whatever comes and goes with them.
//
// V8 links the tables of a Set or a Map, each to the one that took its place. Once a full
// collection has moved one of them to the old space, whatever was in a later one stays until the
// next full collection, and each of the fast ones between copies it. A list has no tables.

interface Entry<Item> {
  readonly item: Item;
  /** Where it is; -1 once it was removed. */
  place: number;
}

export class OpenSet<Item> implements Iterable<Item> {
  readonly #entries: Entry<Item>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  /** @returns a function that removes it */
  add(item: Item): () => void {
    const entry: Entry<Item> = { item, place: this.#entries.length };
    this.#entries.push(entry);
    return () => this.#remove(entry);
  }

  /** In no order. What is added or removed meanwhile changes nothing. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#entries.map(({ item }) => item).values();
  }

  #remove(entry: Entry<Item>): void {
    const last = this.#entries.at(-1);
    if (entry.place < 0 || !last) return;
    this.#entries[entry.place] = last;
    last.place = entry.place;
    this.#entries.pop();
    entry.place = -1;
  }
}
