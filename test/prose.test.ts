// scripts/check-prose.ts finds calqued phrases and long lines, and nothing else.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkProse, findHabits, listProse } from '../scripts/check-prose.ts';
import { PHRASES } from '../scripts/prose-phrases.ts';

const root = path.join(import.meta.dirname, '..');

describe('check:prose', () => {
  test.each(PHRASES)('finds %j', (phrase) => {
    expect(checkProse('a.md', `One line.\n\nThen ${phrase}.\n`)).toMatchObject([{ line: 3 }]);
  });

  test('finds a phrase that a comment wraps over two lines', () => {
    expect(checkProse('a.ts', '/**\n * once the password\n   * was found right, and so on\n */')).toHaveLength(1);
    expect(checkProse('a.ts', 'f();\n  // the password\n  // was found right\n')).toMatchObject([{ line: 2 }]);
  });

  test('offers a native form that it would not report itself', () => {
    for (const [, native] of PHRASES) expect(checkProse('a.md', native), native).toEqual([]);
  });

  test('lists habits with their surroundings', () => {
    expect(findHabits('First.\nA file says that there are 5 requests a second.')).toMatchObject([{ line: 2 }, {}, {}]);
    expect(findHabits('The server returns 5 requests per second.')).toEqual([]);
  });

  test('reports Markdown prose over 100 columns, but no table, heading, code block or link', () => {
    const long = 'word '.repeat(21).trim();
    expect(checkProse('a.md', `${long}\n`)).toEqual([{ line: 1, message: '104 columns' }]);
    expect(checkProse('a.md', `| ${long} |\n# ${long}\n\`\`\`\n${long}\n\`\`\`\n`)).toEqual([]);
    expect(checkProse('a.md', `[a link](https://example.org/${'x'.repeat(100)})\n`)).toEqual([]);
    expect(checkProse('a.md', `\`\`\`\n\`\`\`\n${long}\n`)).toHaveLength(1);
  });

  test('reports comments over 100 columns, but no code', () => {
    const long = 'x'.repeat(100);
    expect(checkProse('a.ts', `// ${long}`)).toHaveLength(1);
    expect(checkProse('a.ts', `/**\n * ${long}\n */`)).toMatchObject([{ line: 2 }]);
    expect(checkProse('a.ts', `const a = '${long}';`)).toEqual([]);
  });

  test('reads documents and sources of every folder, and nothing that is built', () => {
    const files = listProse(root);
    expect(files).toEqual(expect.arrayContaining(['README.md', 'protocol/keys.ts', 'client-sdk/README.md']));
    expect(files.filter((file) => /node_modules|(^|\/)dist\//.test(file))).toEqual([]);
  });
});
