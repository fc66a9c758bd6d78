#!/usr/bin/env node
// The command `credveil`: checks Node's version, then runs the sources in a clone, or the compiled
// program in the package.

import fs from 'node:fs';
import '../node-version.js';

const sources = new URL('./main.ts', import.meta.url);
await import(fs.existsSync(sources) ? sources.href : '../dist/cli/main.js');
