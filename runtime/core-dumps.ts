// Keeps memory out of core dumps: a command's holds credentials and keys.

import fs from 'node:fs';

/**
 * Linux dumps only the kinds of memory that this file names, for all threads and for children; the
 * dump of a crash then has names of modules and the registers. Elsewhere it changes nothing.
 * @see core(5)
 */
export function excludeMemoryFromCoreDumps(): void {
  try {
    fs.writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // Another system, or a sandbox without /proc.
  }
}
