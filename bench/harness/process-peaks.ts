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

/** Seconds of processor time that all threads of a process took (Linux, where a tick is 10 ms). */
export function processorSeconds(pid: number): number {
  try {
    // The fields after the name, which may have spaces: utime and stime are the 12th and 13th of them.
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

export interface Peaks {
  readonly rss: number;
  readonly disk: number;
  readonly processorSeconds: number;
}

export function watchPeaks(pid: number, folder: string): { stop(): Peaks } {
  let rss = 0;
  let processor = 0;
  let disk = 0;
  const look = (): void => {
    rss = Math.max(rss, peakResidentBytes(pid));
    disk = Math.max(disk, folderBytes(folder));
    processor = Math.max(processor, processorSeconds(pid));
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return { rss, disk, processorSeconds: processor };
    },
  };
}
