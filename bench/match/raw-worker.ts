// A thread that computes password hashes by the bare primitive, as fast as it can.

import { argon2Sync, pbkdf2Sync } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import bcrypt from 'bcrypt';

const PRIMITIVES: { readonly [name: string]: (password: string) => unknown } = {
  'argon2id m=19456 t=2 p=1': (password) =>
    argon2Sync('argon2id', {
      message: password,
      nonce: 'a salt of 16 byt',
      parallelism: 1,
      tagLength: 32,
      memory: 19_456,
      passes: 2,
    }),
  'bcrypt cost 10': (password) => bcrypt.hashSync(password, '$2b$10$CCCCCCCCCCCCCCCCCCCCC.'),
  'pbkdf2-sha256 600000 iterations': (password) => pbkdf2Sync(password, 'salt', 600_000, 32, 'sha256'),
};

parentPort?.on('message', ({ name, count }: { name: string; count: number }) => {
  for (let i = 0; i < count; i++) PRIMITIVES[name]?.(`candidate${i}`);
  parentPort?.postMessage('done');
});
