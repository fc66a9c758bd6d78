// The most memory that a process had resident, and the most that a folder took on disk meanwhile.

import fs from 'node:fs';
import path from 'node:path';

const EVERY_MS = 100;

/** What the kernel says was the process's peak (Linux), 0 where it says nothing. */
export function peakResidentBytes(pid: number): number {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function folderBytes(folder: string): number {
  let bytes = 0;
  try {
    for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      bytes += fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    // The folder comes and goes.
  }
  return bytes;
}

export function watchPeaks(pid: number, folder: string): { stop(): { readonly rss: number; readonly disk: number } } {
  let rss = 0;
  let disk = 0;
  const look = (): void => {
    rss = Math.max(rss, peakResidentBytes(pid));
    disk = Math.max(disk, folderBytes(folder));
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return { rss, disk };
    },
  };
}
