// Stealer logs in blocks: one line each for the URL, the username and the password.

import { LineSplitter } from '../input/lines.ts';
import { decodeHexNotation, decodeText } from '../input/text.ts';
import type { RejectReason } from '../rejects.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule } from './format.ts';

type Role = 'start' | 'username' | 'password' | 'other';

/** A line `Key: value`. */
export const BLOCK_LINE = /^\s*([A-Za-z][A-Za-z _-]{0,30}?)\s*:(.*)$/s;
const ROLES: { readonly [key: string]: Role } = {
  url: 'start',
  host: 'start',
  hostname: 'start',
  site: 'start',
  website: 'start',
  user: 'username',
  username: 'username',
  'user name': 'username',
  'user login': 'username',
  login: 'username',
  email: 'username',
  pass: 'password',
  password: 'password',
  'user password': 'password',
};

export const blockRole = (key: string): Role => ROLES[key.toLowerCase()] ?? 'other';

/** Rulers and banners between blocks. */
const RULER = /^[^\p{L}\p{N}]*$/u;

class BlockParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #lines: LineSplitter;
  #username: string | undefined;
  #password: string | undefined;
  /** True if a line before the block marks its start: then its fields may come in any order. */
  #bounded = true;
  /** The first field of the first block. It starts every block that no other line separates. */
  #leader: Role | undefined;

  constructor(sink: CredentialSink) {
    this.#sink = sink;
    this.#lines = new LineSplitter({
      line: (bytes) => this.#line(decodeText(bytes)),
      tooLong: () => sink.reject('too-long'),
    });
  }

  push(block: Buffer): void {
    this.#lines.push(block);
  }

  end(): void {
    this.#lines.end();
    this.#close();
  }

  #line(line: string): void {
    if (RULER.test(line)) {
      this.#begin();
      return;
    }
    const [, key, value] = BLOCK_LINE.exec(line) ?? [];
    if (key === undefined || value === undefined) {
      this.#sink.reject('no-separator');
      return;
    }
    const role = blockRole(key);
    if (role === 'start') this.#begin();
    if (role !== 'username' && role !== 'password') return;
    this.#leader ??= role;
    const isOpen = this.#username !== undefined || this.#password !== undefined;
    const again = (role === 'username' ? this.#username : this.#password) !== undefined;
    if (again || (isOpen && !this.#bounded && role === this.#leader)) this.#close();
    // One space after the colon belongs to the log; more belong to the password.
    const text = value.startsWith(' ') ? value.slice(1) : value;
    if (role === 'username') this.#username = text;
    else this.#password = decodeHexNotation(text);
    if (this.#username !== undefined && this.#password !== undefined) {
      this.#close();
      this.#bounded = false;
    }
  }

  #begin(): void {
    this.#close();
    this.#bounded = true;
  }

  /** Ends a block, which must be complete. */
  #close(): void {
    const username = this.#username;
    const password = this.#password;
    this.#username = undefined;
    this.#password = undefined;
    if (username === undefined && password === undefined) return;
    const reason: RejectReason | undefined =
      username === undefined || username.trim() === '' ? 'empty-username' : password ? undefined : 'empty-password';
    if (reason) this.#sink.reject(reason);
    else this.#sink.credential({ username: username as string, password: password as string, times: 1 });
  }
}

export const stealerBlocksFormat: CorpusFormat = {
  name: 'stealer-blocks',
  options: {},
  feeds: ['account', 'password'],
  createParser: (sink) => new BlockParser(sink),
};

/** Labels of a username and a password are hardly ever anything else. */
const LABELS_SCORE = 0.95;
/** A fifth of the lines: there are others in a block, and rulers. */
const MIN_LABELLED = 0.2;

export const stealerBlocksModule: FormatModule = {
  names: [stealerBlocksFormat.name],
  takes: [],
  create: () => stealerBlocksFormat,
  recognise({ lines }) {
    const roles = lines.map((line) => BLOCK_LINE.exec(line)?.[1]).map((key) => (key ? blockRole(key) : undefined));
    const passwords = roles.filter((role) => role === 'password').length;
    const usernames = roles.filter((role) => role === 'username').length;
    if (passwords === 0 || usernames === 0 || passwords + usernames <= MIN_LABELLED * lines.length) return undefined;
    const reasons = ['lines are labelled as usernames and passwords'];
    return { format: stealerBlocksFormat, score: LABELS_SCORE, reasons };
  },
};
