// Work that ends soon, or never: no clock tells a slow machine from slow code here, since the work
// is so much that any that grows with the square of its input takes hours.

import vm from 'node:vm';

/** Some fifty times what linear work takes at most, on a machine that does little else. */
const GIVE_UP_MS = 60_000;

/** @throws Error `ERR_SCRIPT_EXECUTION_TIMEOUT` for what would take hours, synchronous as it is */
export function soon<Result>(run: () => Result): Result {
  return vm.runInNewContext('run()', { run }, { timeout: GIVE_UP_MS }) as Result;
}
