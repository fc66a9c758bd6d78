#!/usr/bin/env node
// The command `credveil`: the check of Node's version first, then the program.

import '../node-version.js';

await import('./main.ts');
