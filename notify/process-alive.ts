// Whether the process that claimed deliveries is still there.

/** A number of this process is of an earlier one: it has claimed nothing yet. */
export function isOtherAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
