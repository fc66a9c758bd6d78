// A process that takes values of a state of another, as a worker of the gateway does.

import { RemoteState } from '../../../../gateway/state/remote-state.ts';
import type { StateRoom } from '../../../../gateway/state/state.ts';
import type { PrimaryAnswers } from '../../../../gateway/workers/messages.ts';
import { openChannel } from '../../../../runtime/ipc.ts';

export interface StateWorkerAnswers {
  /** Takes each of these keys so many times at once. @returns keys that had a value */
  take(payload: {
    readonly room: StateRoom;
    readonly keys: readonly string[];
    readonly times: number;
  }): Promise<string[]>;
}

const primary = openChannel<Pick<PrimaryAnswers, 'state'>, StateWorkerAnswers>(process);
const state = new RemoteState((questions) => primary.ask('state', questions));
primary.handle('take', async ({ room, keys, times }) => {
  const all = Array.from({ length: times }, () => keys).flat();
  const taken = await Promise.all(all.map(async (key) => ((await state.takeOnce(room, key)) === undefined ? [] : key)));
  return taken.flat();
});
primary.onGone(() => process.exit());
