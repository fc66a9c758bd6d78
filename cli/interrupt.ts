// Turns Ctrl-C and SIGTERM into an AbortSignal. A second one exits immediately.

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Whether it was Ctrl-C that ended the work, rather than the manager of a service. */
  readonly isByUser: boolean;
  dispose(): void;
}

export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let isByUser = false;
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    isByUser = name === 'SIGINT';
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    get isByUser() {
      return isByUser;
    },
    dispose: () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}
