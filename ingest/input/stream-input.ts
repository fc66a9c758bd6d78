// Standard input as a corpus: its start can be looked at before it is read.

import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type ContainerLimits, DEFAULT_LIMITS } from '../containers/budget.ts';
import type { CorpusInput } from './inputs.ts';

/** Bytes of a stream buffered to detect its format. */
export const PEEK_BYTES = 1 << 20;
/** A stream that pauses for this long is sampled from the bytes it has delivered so far. */
const PAUSE_MS = 250;

export function streamInput(stream: Readable, limits: ContainerLimits = DEFAULT_LIMITS): CorpusInput {
  let source = stream;
  return {
    name: '-',
    bytes: undefined,
    limits,
    open: () => source,
    async peek(signal) {
      const { head, ended } = await readAhead(stream, PEEK_BYTES, signal);
      if (ended) source = Readable.from([head]);
      else stream.unshift(head);
      return head;
    },
  };
}

async function readAhead(
  stream: Readable,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<{ head: Buffer; ended: boolean }> {
  const blocks: Buffer[] = [];
  let length = 0;
  let ended = false;
  const change = new EventEmitter();
  const onReadable = (): unknown => change.emit('change');
  const onEnd = (): void => {
    ended = true;
    change.emit('change');
  };
  const onError = (error: Error): unknown => change.emit('error', error);
  stream.on('readable', onReadable).on('end', onEnd).on('error', onError);
  try {
    while (length < bytes && !ended) {
      const block = stream.read() as Buffer | null;
      if (block) {
        blocks.push(block);
        length += block.length;
      } else {
        const waiting = once(change, 'change', signal ? { signal } : {});
        // After the pause wins the race, nobody else handles an abort.
        waiting.catch(() => {});
        if (length === 0) await waiting;
        else if (!(await Promise.race([waiting, delay(PAUSE_MS, false)]))) break;
      }
    }
  } finally {
    stream.off('readable', onReadable).off('end', onEnd).off('error', onError);
  }
  return { head: Buffer.concat(blocks), ended };
}
