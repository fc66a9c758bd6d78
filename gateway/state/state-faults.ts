// What a state refuses, and what becomes of its file.

import { StateError, type StateRoom } from './state.ts';

export const RESTORED_HINT =
  'People sign in again, and draw new recovery codes. Remove again what was removed since the backup.';

export const tooLong = (): StateError =>
  new StateError('STATE_VALUE_TOO_LONG', 'a value is too long to be kept', 'Report this as a fault of credveil.');

export const moved = (file: string): StateError =>
  new StateError(
    'STATE_MOVED',
    `state ${file}: it was moved, deleted or overwritten while the gateway runs`,
    'Put it back, or restart the gateway: what was counted and banned since then ends with this process.',
  );

export const roomFull = (room: StateRoom): StateError =>
  new StateError(
    'STATE_FULL',
    `the state holds as many entries (${room}) as it may`,
    'Lift bans with credveil gateway limits lift, or make them shorter.',
  );
