// Made-up usernames, passwords and sites of one generated file.

import { createRandom, type Random } from '../random.ts';

/** The letters that texts of a file use beside ASCII. */
export type Script = 'ascii' | 'latin' | 'central' | 'cyrillic' | 'turkish' | 'chinese' | 'japanese' | 'korean' | 'any';

const LETTERS: { readonly [script in Script]: string } = {
  ascii: '',
  latin: 'äöüßéèñçøåîõÄÖÉ',
  central: 'ąćęłńóśźżěščřžýőű',
  cyrillic: 'абвгдежзиклмнопрстуфхцчшыэюяАБВГДЖ',
  turkish: 'çğıöşüİĞŞ',
  chinese: '中国人密码我爱你北京上海天地',
  japanese: 'さくらパスワードひみつ日本東京',
  korean: '비밀번호사랑해한국서울대',
  any: 'äßñЖдяλΩπ中国パス비밀ąłİé€😀🔑',
};

/** Scripts whose words are made of these letters alone; in the others they stand among ASCII. */
const WHOLE: readonly Script[] = ['cyrillic', 'chinese', 'japanese', 'korean'];

const STEMS = [
  ...['sun', 'moon', 'tiger', 'dragon', 'summer', 'winter', 'kettle', 'blue', 'horse', 'water', 'fall', 'monkey'],
  ...['shadow', 'river', 'silver', 'falcon', 'pepper', 'ginger', 'cookie', 'hunter', 'marina', 'pass', 'love'],
  ...['star', 'angel', 'soccer', 'rocket', 'lemon', 'apple', 'stone', 'green', 'happy', 'lucky', 'magic', 'anna'],
];
const SURNAMES = ['keller', 'novak', 'ivanov', 'rossi', 'dupont', 'silva', 'kowal', 'hansen', 'berg', 'moreau', 'lee'];
const HOSTS = [
  ...['mail.example', 'post.example', 'example.com', 'example.org', 'example.net', 'inbox.test', 'uni.example'],
  ...['corp.example', 'webmail.test', 'provider.example', 'yahoo.example', 'gmail.example', 'mail.ru.example'],
];
const SITES = ['shop', 'forum', 'accounts', 'login', 'bank', 'games', 'my', 'portal', 'www', 'store', 'auth', 'blog'];
const SYMBOLS = '!@#$%&*-_+=.?~^()[]{}<>/\\|;:,\'"`';

export class Vocabulary {
  readonly random: Random;
  readonly #letters: string;
  readonly #isWhole: boolean;
  readonly #mark: string;
  #drawn = 0;

  /** @param mark part of every username and password: other files have none of them */
  constructor(seed: number, script: Script, mark: string) {
    this.random = createRandom(seed);
    this.#letters = LETTERS[script];
    this.#isWhole = WHOLE.includes(script);
    this.#mark = mark;
  }

  chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    return this.random.pick(items);
  }

  number(min: number, max: number): number {
    return min + this.random.below(max - min + 1);
  }

  hex(length: number): string {
    return Buffer.from(this.random.bytes(length)).toString('hex').slice(0, length);
  }

  word(): string {
    return this.pick(STEMS);
  }

  email(): string {
    const unique = this.#unique();
    const local = this.pick([
      () => `${this.word()}.${this.pick(SURNAMES)}${unique}`,
      () => `${this.word()}${unique}`,
      () => `${this.word()}_${this.word()}${unique}`,
      () => `${this.word()}+${this.word()}${unique}`,
      () => `${this.word().toUpperCase()}${unique}`,
    ])();
    return `${local}@${this.pick(HOSTS)}`;
  }

  /** A username that is no address. */
  login(): string {
    const unique = this.#unique();
    return this.pick([
      () => `${this.word()}${unique}`,
      () => `${this.word()}_${this.pick(SURNAMES)}${unique}`,
      () => `+49170${this.number(1_000_000, 9_999_999)}`,
      () => `${this.word()}.${this.word()}${unique}`,
    ])();
  }

  username(): string {
    return this.chance(75) ? this.email() : this.login();
  }

  /**
   * A password without blanks, whose characters are not in `without`. It starts with a letter or
   * digit: how it is written does not depend on where it stands.
   */
  password(without = ''): string {
    const unique = this.#unique();
    const symbol = (): string => this.pick([...SYMBOLS].filter((character) => !without.includes(character)));
    const made = this.pick([
      () => `${this.word()}${unique}`,
      () => `${capital(this.word())}${this.number(1, 2026)}${unique}${symbol()}`,
      () => `${this.word()}${symbol()}${this.word()}${unique}`,
      () => `${this.number(10_000, 99_999_999)}${unique}`,
      () => `${capital(this.word())}${symbol()}${symbol()}${unique}`,
      () => `${unique}${this.hex(this.number(4, 9))}`,
    ])();
    if (this.#letters === '' || !this.chance(30)) return made;
    const letters = Array.from({ length: this.number(1, 6) }, () => this.pick([...this.#letters]));
    return `${this.word()}${letters.join(this.#isWhole ? '' : this.pick(['a', 'n', 'er', 'st']))}${made}`;
  }

  pair(without = ''): { username: string; password: string } {
    return { username: this.username(), password: this.password(without) };
  }

  host(): string {
    return `${this.pick(SITES)}${this.number(1, 99)}.${this.pick(HOSTS)}`;
  }

  url(): string {
    const host = this.host();
    return this.pick([
      () => `https://${host}/`,
      () => `https://${host}/login`,
      () => `http://${host}/account/signin.php`,
      () => `https://${host}:8443/auth`,
      () => `https://${host}/index.php?route=account/login&lang=en`,
      () => `https://${host}`,
    ])();
  }

  app(): string {
    return `android://${Buffer.from(this.random.bytes(12)).toString('base64url')}==@com.${this.word()}.${this.word()}/`;
  }

  ip(): string {
    return `198.51.100.${this.number(1, 254)}`;
  }

  date(): string {
    return `20${this.number(10, 25)}-${two(this.number(1, 12))}-${two(this.number(1, 28))}`;
  }

  #unique(): string {
    return `${this.#mark}${(this.#drawn++).toString(36)}`;
  }
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const two = (number: number): string => String(number).padStart(2, '0');
