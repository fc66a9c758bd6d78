// Processes of `credveil` that a test file has started and that still run. A test that fails does
// not end its own: the setup of Vitest does, at the end of the file.

import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

export function endWithFile(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

export function endChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}
