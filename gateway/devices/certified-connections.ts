// Connections that a client certificate has opened. They end once it counts no more, whatever goes
// on there.

import { OpenSet } from '../../runtime/open-set.ts';

const EVERY_MS = 250;

/** What is on a connection. */
interface Ending {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export class CertifiedConnections<Connection extends Ending> {
  readonly #isOver: (connection: Connection) => boolean;
  readonly #open = new OpenSet<Connection>();
  #timer: NodeJS.Timeout | undefined;

  constructor(isOver: (connection: Connection) => boolean) {
    this.#isOver = isOver;
  }

  add(connection: Connection): void {
    connection.once('close', this.#open.add(connection));
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS).unref();
  }

  #look(): void {
    for (const connection of this.#open) if (this.#isOver(connection)) connection.destroy();
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
