// Lets a long computation yield to the event loop, so that signals and timers get their turn.

/**
 * Runs everything that waits in the event loop, then checks for an interruption.
 * @throws the signal's reason once it is aborted
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
