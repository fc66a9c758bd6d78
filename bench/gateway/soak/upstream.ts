// An application that is killed and started again, and when it was away.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '../../../test/support/machine/free-port.ts';
import { stopChild } from '../../../test/support/machine/stop-child.ts';

const PROGRAM = path.join(import.meta.dirname, 'upstream-process.ts');

interface Absence {
  readonly from: number;
  to: number;
}

export class Upstream {
  readonly port: number;
  readonly #absences: Absence[] = [];
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream(await freePort());
    await upstream.#fork();
    return upstream;
  }

  get kills(): number {
    return this.#absences.length;
  }

  async restart(): Promise<void> {
    const absence: Absence = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.#absences.push(absence);
    await this.stop();
    await this.#fork();
    absence.to = performance.now();
  }

  /** Whether it was away at any moment of a request. */
  wasAway(from: number, to: number): boolean {
    return this.#absences.some((absence) => absence.from <= to && from <= absence.to);
  }

  async stop(): Promise<void> {
    if (this.#child) await stopChild(this.#child, 'SIGKILL');
  }

  async #fork(): Promise<void> {
    this.#child = fork(PROGRAM, [String(this.port)]);
    await once(this.#child, 'message');
  }
}
