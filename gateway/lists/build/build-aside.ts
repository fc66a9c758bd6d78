// Builds lists one at a time, since each holds its content in memory: in a thread, unless they are
// small.

import { Worker } from 'node:worker_threads';
import { ContentError, type ContentErrorCode } from '../formats/content-error.ts';
import { type BuildTask, type BuiltList, buildList } from './build-list.ts';

/** What the thread posts. */
export interface BuildOutcome {
  readonly built?: BuiltList;
  readonly failure?: { readonly code: ContentErrorCode; readonly message: string; readonly hint: string };
}

/** Read in a few milliseconds, where a thread takes longer to start. */
const MAX_HERE_BYTES = 16_384;
/** Of JSON, whose objects are larger than its text. */
const MAX_HEAP_MIB = 1024;

let last: Promise<unknown> = Promise.resolve();

/**
 * @param task whose bytes the thread takes over
 * @throws ContentError
 */
export function buildAside(task: BuildTask, signal: AbortSignal): Promise<BuiltList> {
  // Nobody knows how long compressed content is.
  const isSmall = task.bytes.length <= MAX_HERE_BYTES && task.bytes[0] !== 0x1f;
  const built = last.then(() => (isSmall ? buildList(task) : runThread(task, signal)));
  last = built.catch(() => undefined);
  return built;
}

function runThread(task: BuildTask, signal: AbortSignal): Promise<BuiltList> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./build-thread.ts', import.meta.url), {
      workerData: task,
      transferList: [task.bytes.buffer],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const stop = (): void => void thread.terminate();
    signal.addEventListener('abort', stop, { once: true });
    thread.on('message', ({ built, failure }: BuildOutcome) => {
      if (built) resolve(built);
      if (failure) reject(new ContentError(failure.code, failure.message, failure.hint));
    });
    thread.on('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooLarge(cause) : cause),
    );
    thread.on('exit', () => {
      signal.removeEventListener('abort', stop);
      reject(signal.aborted ? signal.reason : new Error('the thread that builds a list ended early'));
    });
  });
}

const tooLarge = (cause: unknown): ContentError =>
  new ContentError(
    'CONTENT_TOO_LONG',
    `the list needs more than ${MAX_HEAP_MIB} MiB of memory while it is read`,
    'Name a smaller list.',
    { cause },
  );
