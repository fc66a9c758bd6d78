// Writes PROTOCOL.vectors.json, beside PROTOCOL.md, from the code: npm run vectors.

import fs from 'node:fs';
import path from 'node:path';
import { root } from '../test/support/paths.ts';
import { formatVectors, VECTORS_FILE } from '../test/support/vectors/index.ts';

fs.writeFileSync(path.join(root, VECTORS_FILE), formatVectors());
