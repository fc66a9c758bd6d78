// Vitest reporter: lists the ten slowest test files at the end of a run.

import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 10;

export class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    // A run of a single file has nothing to compare.
    if (modules.length < 2) return;
    const files = modules.map((module) => ({
      file: module.relativeModuleId,
      ms: module.diagnostic().duration + module.diagnostic().collectDuration,
    }));
    const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, SHOWN);
    console.log(`\n Slowest files, of ${files.length}:`);
    for (const { file, ms } of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(8)} s  ${file}`);
  }
}
