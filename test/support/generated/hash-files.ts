// Files of hashes: lists, potfiles of crackers, dumps of Windows and Unix accounts.

import { createHash } from 'node:crypto';
import { Content, draftOf, emptyTruth, type Family, type Truth } from './draft.ts';
import { ntlm } from './md4.ts';
import type { Vocabulary } from './vocabulary.ts';

const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');

/** A line of a list of hashes, by the place and form of its count. */
const LISTS: { readonly [dialect: string]: (hex: string, times: number, separator: string) => string } = {
  'hash count': (hex, times, separator) => `${hex}${separator}${times}`,
  'count hash': (hex, times, separator) => `${times}${separator}${hex}`,
  'hash alone': (hex) => hex,
};

const MIN_SORTED = 10;

export const hashLists: Family = {
  name: 'hash list',
  weight: 5,
  dialects: ['sha1', 'ntlm'].flatMap((index) => Object.keys(LISTS).map((form) => `${index}, ${form}`)),
  separators: [':', ' ', '\t', ',', ';', '|'],
  make({ words, dialect, separator, size }) {
    const truth = emptyTruth();
    const [index, form] = dialect.split(', ') as ['sha1' | 'ntlm', string];
    const isUpper = words.chance(50);
    const times = Array.from({ length: size }, () => (form === 'hash alone' ? 1 : words.number(1, 50_000)));
    const isSorted = words.chance(70);
    if (isSorted) times.sort((a, b) => b - a);
    // MD5 looks the same: only a list like that of Have I Been Pwned needs no name.
    const isNamed = index === 'ntlm' && !(isSorted && form === 'hash count' && separator === ':' && size >= MIN_SORTED);
    const records = times.map((count) => {
      const hex = words.hex(index === 'sha1' ? 40 : 32);
      truth.holds.hashes.push({ index, hex, times: count });
      return (LISTS[form] as (typeof LISTS)[string])(isUpper ? hex.toUpperCase() : hex, count, separator);
    });
    const options = isNamed ? { options: ['--format', 'ntlm'] } : {};
    return draftOf(records, truth, { noise: ['blank', 'comments', 'broken'], ...options });
  },
};

/** A password as hashcat writes it. */
const potText = (password: string): string =>
  /[^\x20-\x7e]|:/.test(password) || password.startsWith('$HEX[')
    ? `$HEX[${Buffer.from(password).toString('hex')}]`
    : password;

const POTS: { readonly [dialect: string]: (password: string, words: Vocabulary) => string } = {
  'hashcat md5': (password) => `${digest('md5', password)}:${potText(password)}`,
  'hashcat sha1': (password) => `${digest('sha1', password)}:${potText(password)}`,
  'hashcat sha256': (password) => `${digest('sha256', password)}:${potText(password)}`,
  'hashcat ntlm': (password) => `${ntlm(password)}:${potText(password)}`,
  'hashcat bcrypt': (password, words) => `$2a$05$${words.hex(53)}:${potText(password)}`,
  'hashcat phpass': (password, words) => `$P$B${words.hex(30)}:${potText(password)}`,
  'john nt': (password) => `$NT$${ntlm(password)}:${password}`,
  'john dynamic': (password) => `$dynamic_0$${digest('md5', password)}:${password}`,
  'john sha512crypt': (password, words) => `$6$${words.hex(8)}$${words.hex(86)}:${password}`,
  'hashcat hex_plain': (password) => `${digest('md5', password)}:${Buffer.from(password).toString('hex')}`,
  'john sha1': (password) => `{SHA}${createHash('sha1').update(password).digest('base64')}:${password}`,
};

function mayHoldHash(truth: Truth, dialect: string, password: string): void {
  if (/sha1$/.test(dialect)) truth.mayHold.hashes.push({ index: 'sha1', hex: digest('sha1', password), times: 1 });
  if (/ntlm$|nt$/.test(dialect)) truth.mayHold.hashes.push({ index: 'ntlm', hex: ntlm(password), times: 1 });
}

export const potfiles: Family = {
  name: 'potfile',
  weight: 5,
  dialects: [...Object.keys(POTS), 'hashcat ntlm of PINs'],
  separators: ['-'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const isPins = dialect.endsWith('PINs');
    const write = POTS[isPins ? 'hashcat ntlm' : dialect] as (typeof POTS)[string];
    const seen = new Set<string>();
    while (seen.size < size)
      seen.add(isPins ? String(words.number(0, 99_999_999)).padStart(words.pick([6, 8]), '0') : words.password());
    const records = [...seen].map((password) => {
      truth.holds.passwords.push({ password, times: 1 });
      mayHoldHash(truth, isPins ? 'hashcat ntlm' : dialect, password);
      return write(password, words);
    });
    return draftOf(records, truth, { noise: [], extension: words.pick(['pot', 'potfile', 'txt']) });
  },
};

export const saltedPots: Family = {
  name: 'hash:salt:plain',
  weight: 3,
  dialects: ['md5', 'sha1', 'sha256'],
  separators: [':'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const records = Array.from({ length: size }, () => {
      const password = words.password(':');
      const salt = words.pick([words.hex(6), words.hex(16), `${words.word()}!`]);
      truth.holds.passwords.push({ password, times: 1 });
      const hex = digest(dialect, `${password}${salt}`);
      if (dialect === 'sha1') truth.mayHold.hashes.push({ index: 'sha1', hex, times: 1 });
      return `${hex}:${salt}:${password}`;
    });
    return draftOf(records, truth, { noise: [] });
  },
};

/** Cracked lists with the username in front. */
export const crackedNames: Family = {
  name: 'user:hash:plain',
  weight: 2,
  dialects: ['md5', 'sha1', 'ntlm'],
  separators: [':'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const records = Array.from({ length: size }, () => {
      const pair = words.pair(':');
      truth.holds.pairs.push(pair);
      mayHoldHash(truth, dialect, pair.password);
      const hex = dialect === 'ntlm' ? ntlm(pair.password) : digest(dialect, pair.password);
      return `${pair.username}:${hex}:${pair.password}`;
    });
    return draftOf(records, truth, { noise: [] });
  },
};

export const pwdump: Family = {
  name: 'pwdump',
  weight: 4,
  dialects: ['domain', 'local', 'secretsdump', 'machines'],
  separators: [':'],
  make({ words, dialect, size }) {
    const truth = emptyTruth();
    const records = Array.from({ length: size }, (_, at) => {
      const hex = words.hex(32);
      truth.holds.hashes.push({ index: 'ntlm', hex, times: 1 });
      const login = words.login();
      const name = dialect === 'machines' && words.chance(30) ? `${login.toUpperCase()}$` : login;
      const account = dialect === 'local' ? name : `CORP\\${name}`;
      for (const username of [account, name]) {
        truth.mayHold.usernames.push(username);
        truth.mayHold.pairs.push({ username, password: '' });
      }
      const state = dialect === 'secretsdump' ? ' (status=Enabled)' : '';
      return `${account}:${1100 + at}:aad3b435b51404eeaad3b435b51404ee:${hex}:::${state}`;
    });
    const head =
      dialect === 'secretsdump'
        ? [
            '[*] Dumping Domain Credentials (domain\\uid:rid:lmhash:nthash)',
            '[*] Using the DRSUAPI method to get secrets',
          ]
        : [];
    return draftOf(records, truth, { head, noise: ['blank'] });
  },
};

const HASHED: { readonly [dialect: string]: (words: Vocabulary) => string } = {
  shadow: (words) => `$6$${words.hex(8)}$${words.hex(86)}:19000:0:99999:7:::`,
  'email:md5': (words) => words.hex(32),
  'email:bcrypt': (words) => `$2y$10$${words.hex(53)}`,
  'email:sha256': (words) => words.hex(64),
  'email:md5:salt': (words) => `${words.hex(32)}:${words.hex(6)}`,
  'email:sha1': (words) => words.hex(40),
};

/** Usernames with hashes that no index takes: there is no credential to read but the hash. */
export const hashedNames: Family = {
  name: 'user:hash',
  weight: 4,
  dialects: Object.keys(HASHED),
  separators: [':'],
  make({ words, dialect, size }) {
    const mayHold = new Content();
    const records = Array.from({ length: size }, () => {
      const username = dialect === 'shadow' ? words.login() : words.email();
      const hash = (HASHED[dialect] as (words: Vocabulary) => string)(words);
      mayHold.usernames.push(username);
      mayHold.pairs.push({ username, password: '' });
      if (dialect === 'email:sha1') mayHold.hashes.push({ index: 'sha1', hex: hash, times: 1 });
      if (dialect === 'email:md5') mayHold.hashes.push({ index: 'ntlm', hex: hash, times: 1 });
      return `${username}:${hash}`;
    });
    return draftOf(records, { holds: new Content(), mayHold }, { noise: [] });
  },
};
