// Peak resident memory of a process, and the peak size of a folder while it runs.

import fs from 'node:fs';
import path from 'node:path';

const EVERY_MS = 100;

/** The process's peak as reported by the kernel (Linux); 0 if unknown. */
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
    // The folder may be deleted at any time.
  }
  return bytes;
}

/** Processor time of all threads of a process, in seconds (Linux, where a tick is 10 ms). */
export const processorSeconds = (pid: number): number => secondsOf(`/proc/${pid}/stat`);

/** That of each thread by its id: the first one's is the process's. */
export function threadSeconds(pid: number): Map<number, number> {
  try {
    const ids = fs.readdirSync(`/proc/${pid}/task`).map(Number);
    return new Map(ids.map((id) => [id, secondsOf(`/proc/${pid}/task/${id}/stat`)]));
  } catch {
    return new Map();
  }
}

function secondsOf(stat: string): number {
  try {
    // Fields after the name, which may contain spaces: utime and stime are the 12th and 13th.
    const fields = fs.readFileSync(stat, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
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
