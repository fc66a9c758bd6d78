// Accounts by key: a name, or what stands for one. Several accounts may have the same.

const NONE = -1;

export class AccountIndex {
  /** The last account of a key, and the one before it that has the same. */
  readonly #byKey = new Map<string, number>();
  readonly #linkAccount: number[] = [];
  readonly #linkNext: number[] = [];

  add(key: string, account: number): void {
    const link = this.#linkAccount.push(account) - 1;
    this.#linkNext.push(this.#byKey.get(key) ?? NONE);
    this.#byKey.set(key, link);
  }

  /** Calls `take` with each account of a key. */
  find(key: string, take: (account: number) => void): void {
    for (let link = this.#byKey.get(key) ?? NONE; link !== NONE; link = this.#linkNext[link] as number)
      take(this.#linkAccount[link] as number);
  }
}
