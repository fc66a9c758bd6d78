// Connections that a client certificate has opened. They end once it counts no more, whatever goes
// on there.

const EVERY_MS = 250;

/** What is on a connection. */
interface Ending {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export class CertifiedConnections<Connection extends Ending> {
  readonly #isOver: (connection: Connection) => boolean;
  readonly #open = new Set<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(isOver: (connection: Connection) => boolean) {
    this.#isOver = isOver;
  }

  add(connection: Connection): void {
    this.#open.add(connection);
    connection.once('close', () => this.#remove(connection));
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref();
  }

  #look(): void {
    for (const connection of [...this.#open]) if (this.#isOver(connection)) connection.destroy();
  }

  #remove(connection: Connection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
