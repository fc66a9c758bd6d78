// Runs the client that was written from PROTOCOL.md alone, in Python.

import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../paths.ts';

const folder = path.join(root, 'test/python-client');

export const hasPython = spawnSync('python3', ['--version']).status === 0;

/**
 * Sends one message, on standard input, since every process can read a command line.
 * @returns the client's answer
 */
export function askPythonClient(message: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const python = execFile('python3', ['-IB', folder], (error, stdout, stderr) => {
      if (error) reject(new Error(`python3: ${stderr}`));
      else resolve(JSON.parse(stdout));
    });
    python.stdin?.end(JSON.stringify(message));
  });
}
