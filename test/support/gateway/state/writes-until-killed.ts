// A process that writes to a state, and prints each key once it was answered, until it is killed.

import { openSqliteState } from '../../../../gateway/state/sqlite-state.ts';

const state = openSqliteState({ file: process.argv[2] ?? '', onEvent: () => undefined });
for (let i = 0; ; i++) {
  const key = `key-${i}`;
  await state.set('ban', key, '', { ttlMs: 3_600_000, isDurable: i % 2 === 0 });
  await state.takeSlots([{ key, allow: 1, windowMs: 3_600_000 }]);
  process.stdout.write(`${key}\n`);
}
