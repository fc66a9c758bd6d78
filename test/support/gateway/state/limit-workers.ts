// Processes that ask this one for its state, or for their limits.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { KeptState } from '../../../../gateway/workers/kept-state.ts';
import type { PrimaryAnswers } from '../../../../gateway/workers/messages.ts';
import type { ServerEvent } from '../../../../runtime/events.ts';
import { type Channel, openChannel } from '../../../../runtime/ipc.ts';
import { root } from '../../paths.ts';
import { configOf } from '../gateway.ts';
import type { LimitWorkerAnswers } from './limit-worker.ts';
import type { StateWorkerAnswers } from './state-worker.ts';

export interface LimitWorker {
  readonly channel: Channel<LimitWorkerAnswers, PrimaryAnswers>;
  /** SIGKILL; resolves once it has ended. */
  kill(): Promise<void>;
}

/** The state of a gateway with limits, in a folder. */
export function startKeptState(stateDirectory: string): { readonly kept: KeptState; readonly events: ServerEvent[] } {
  const events: ServerEvent[] = [];
  const kept = new KeptState((event) => events.push(event));
  const config = configOf(
    'listen: 127.0.0.1:0\napps:\n  app.example: { to: "http://127.0.0.1:1", login: generic, loginLimits: failures }\n',
  );
  kept.start({ ...config, stateDirectory });
  onTestFinished(() => kept.close());
  return { kept, events };
}

export const startLimitWorker = (kept: KeptState): LimitWorker => startWorker<LimitWorkerAnswers>(kept, 'limit-worker');

export const startStateWorker = (kept: KeptState) => startWorker<StateWorkerAnswers>(kept, 'state-worker');

function startWorker<Answers extends object>(kept: KeptState, name: string) {
  const child: ChildProcess = fork(path.join(root, `test/support/gateway/state/${name}.ts`), {
    serialization: 'advanced',
  });
  const exited = once(child, 'exit');
  const channel = openChannel<Answers, PrimaryAnswers>(child);
  kept.connect(channel as unknown as Parameters<KeptState['connect']>[0]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    channel,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
