// Signals to a command that serves. Those that come while it starts have their effect afterwards:
// by default each would end it on the spot.

import { ExitCode } from '../exit.ts';

export class Signals {
  #isReloadDue = false;
  #stop: NodeJS.Signals | undefined;
  #onHangUp = (): void => {
    this.#isReloadDue = true;
  };
  #onStop = (signal: NodeJS.Signals): void => {
    this.#stop = signal;
  };
  readonly #hangUp = (): void => this.#onHangUp();
  /** A second one ends the process at once. */
  readonly #end = (signal: NodeJS.Signals): void => {
    process.off('SIGINT', this.#end).off('SIGTERM', this.#end);
    this.#onStop(signal);
  };

  /** Holds what comes from now on. */
  constructor() {
    process.on('SIGHUP', this.#hangUp).on('SIGINT', this.#end).on('SIGTERM', this.#end);
  }

  /** Calls `reload` for each SIGHUP, and for those that came before. */
  onHangUp(reload: () => void): void {
    this.#onHangUp = reload;
    if (this.#isReloadDue) reload();
  }

  /** Closes on the first SIGINT or SIGTERM. @returns when it is closed */
  untilStopped(close: () => Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onStop = (signal) => {
        if (signal === 'SIGINT') process.exitCode = ExitCode.interrupted;
        close().then(() => resolve(), reject);
      };
      if (this.#stop) this.#onStop(this.#stop);
    });
  }

  close(): void {
    process.off('SIGHUP', this.#hangUp).off('SIGINT', this.#end).off('SIGTERM', this.#end);
  }
}
