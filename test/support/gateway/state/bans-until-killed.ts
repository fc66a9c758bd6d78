// A process that bans, and prints each place once its attempts are answered, until it is killed.

import { LimitBook } from '../../../../gateway/limits/limit-book.ts';
import { openSqliteState } from '../../../../gateway/state/sqlite-state.ts';
import { letThrough, needOf } from './attempts.ts';

const [file = '', prefix = ''] = process.argv.slice(2);
const book = new LimitBook(openSqliteState({ file, onEvent: () => undefined }));
for (let i = 0; ; i++) {
  const place = `${prefix}-${i}`;
  await letThrough(book, 5, { needs: [needOf(place)] });
  process.stdout.write(`${place}\n`);
}
