// Stealer logs in blocks: one line each for the URL, the username and the password.

import { LineSplitter } from '../../input/lines.ts';
import { decodeHexNotation, decodeText } from '../../input/text.ts';
import type { CorpusFormat, CorpusParser, CredentialSink, FormatModule, FormatOptions } from '../format.ts';
import type { Labels } from '../format-options.ts';
import { percent } from '../sample.ts';

type Role = 'start' | 'username' | 'password' | 'other';

const NAMES: { readonly [role in Exclude<Role, 'other'>]: string } = {
  start:
    'url|host|hostname|site|website|web site|origin|origin url|url/host|login url|action url|link|domain|' +
    'сайт|адрес|хост|ссылка|hôte|网址|网站|ウェブサイト|sitio|sitio web|site web|webseite|strona|sito|sito web',
  username:
    'user|username|user name|user login|login|login name|email|e-mail|email address|mail|usr|usuario|nombre de usuario|' +
    "utilisateur|identifiant|nom d’utilisateur|nom d'utilisateur|benutzer|benutzername|anmeldename|nutzername|utente|" +
    'nome utente|usuário|nome de usuário|utilizador|kullanıcı|kullanıcı adı|kullanici adi|użytkownik|nazwa użytkownika|' +
    'gebruiker|gebruikersnaam|användarnamn|brugernavn|brukernavn|uživatel|uživatelské jméno|felhasználónév|korisničko ime|' +
    "логин|пользователь|имя пользователя|почта|эл. почта|логін|користувач|ім'я користувача|tên đăng nhập|tài khoản|" +
    '用户名|用户|账号|帐号|使用者名稱|ユーザー名|ユーザ名|사용자|사용자 이름|아이디|اسم المستخدم|שם משתמש|उपयोगकर्ता नाम',
  password:
    'pass|password|pwd|passwd|user password|passphrase|pw|contraseña|contrasena|clave|mot de passe|mdp|passwort|kennwort|' +
    'parola|senha|palavra-passe|şifre|sifre|hasło|haslo|wachtwoord|lösenord|adgangskode|passord|heslo|jelszó|lozinka|' +
    'пароль|mật khẩu|密码|密碼|パスワード|비밀번호|암호|كلمة المرور|كلمة السر|סיסמה|पासवर्ड',
};

const ROLES: ReadonlyMap<string, Role> = new Map(
  Object.entries(NAMES).flatMap(([role, names]) => names.split('|').map((name) => [name, role as Role] as const)),
);

/** The longest label, and some room. */
const MAX_LABEL = 40;
const SEPARATORS = /[:：=]/;
const LABEL = /^[\p{L}\p{M}][\p{L}\p{M}\p{N} ._/'’-]*$/u;

/** A line `Label: value`. @returns undefined for any other line */
function parseLabelled(line: string): { readonly label: string; readonly value: string } | undefined {
  const at = line.slice(0, 2 * MAX_LABEL).search(SEPARATORS);
  if (at <= 0) return undefined;
  const label = line.slice(0, at).trim();
  return label.length <= MAX_LABEL && LABEL.test(label) ? { label, value: line.slice(at + 1) } : undefined;
}

/** @param stated labels of the operator */
function roleOfLabel(label: string, stated: Labels | undefined): Role {
  const name = label.normalize('NFC').toLowerCase();
  if (stated?.username.includes(name)) return 'username';
  if (stated?.password.includes(name)) return 'password';
  return ROLES.get(name) ?? 'other';
}

/** Rulers and banners between blocks: no letters, or three equal signs at the start. */
function isRuler(line: string): boolean {
  const text = line.trim();
  return /^([^\p{L}\p{N}\s])\1\1/u.test(text) || !/[\p{L}\p{N}]/u.test(text);
}

/** Lines of a password beyond the first. */
const MAX_MORE_LINES = 8;

class BlockParser implements CorpusParser {
  readonly #sink: CredentialSink;
  readonly #options: FormatOptions;
  readonly #lines: LineSplitter;
  #username: string | undefined;
  #password: string | undefined;
  /** True if a line before the block marks its start: then its fields may come in any order. */
  #bounded = true;
  /** The first field of the first block. It starts every block that no other line separates. */
  #leader: Role | undefined;
  /** Lines that the password may still take: it was the line before. */
  #moreLines = 0;

  constructor(sink: CredentialSink, options: FormatOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#lines = new LineSplitter({
      line: (bytes) => this.#line(bytes),
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

  #line(bytes: Buffer): void {
    const line = decodeText(bytes);
    const labelled = parseLabelled(line);
    if (bytes.includes(0)) this.#sink.reject('nul-byte', bytes);
    else if (isRuler(line)) this.#begin();
    else if (labelled) this.#field(roleOfLabel(labelled.label, this.#options.labels), labelled.value);
    else if (this.#moreLines === 0) this.#sink.reject('no-separator', bytes);
    else {
      this.#moreLines--;
      this.#password = `${this.#password}\n${line}`;
    }
  }

  #field(role: Role, value: string): void {
    this.#moreLines = 0;
    if (role === 'start') this.#begin();
    if (role !== 'username' && role !== 'password') return;
    this.#leader ??= role;
    const isWhole = this.#username !== undefined && this.#password !== undefined;
    const isOpen = this.#username !== undefined || this.#password !== undefined;
    const again = (role === 'username' ? this.#username : this.#password) !== undefined;
    if (isWhole || again || (isOpen && !this.#bounded && role === this.#leader)) this.#close();
    // One space after the colon belongs to the log; more belong to the password.
    const text = value.startsWith(' ') ? value.slice(1) : value;
    if (role === 'username') this.#username = text;
    else {
      this.#password = decodeHexNotation(text);
      this.#moreLines = text === '' ? 0 : MAX_MORE_LINES;
    }
  }

  #begin(): void {
    this.#close();
    this.#bounded = true;
  }

  /** Ends a block. Of a half one, what is there counts. */
  #close(): void {
    const username = this.#username?.trim() === '' ? undefined : this.#username;
    const password = this.#password ?? '';
    const isOpen = this.#username !== undefined || this.#password !== undefined;
    if (this.#username !== undefined && this.#password !== undefined) this.#bounded = false;
    this.#username = undefined;
    this.#password = undefined;
    this.#moreLines = 0;
    if (!isOpen) return;
    if (username !== undefined) this.#sink.credential({ username, password, times: 1 });
    else if (password !== '') this.#sink.credential({ password, times: 1 });
    else this.#sink.reject('empty-username');
  }
}

/** @param options may state labels */
export const stealerBlocksFormat = (options: FormatOptions = {}): CorpusFormat => ({
  name: 'stealer-blocks',
  options,
  feeds: ['account', 'password'],
  createParser: (sink) => new BlockParser(sink, options),
});

/** Labels of a username and a password are hardly ever anything else. */
const LABELS_SCORE = 0.95;
/** A fifth of the lines: there are others in a block, and rulers. */
const MIN_LABELLED = 0.2;

export const stealerBlocksModule: FormatModule = {
  names: ['stealer-blocks'],
  takes: ['labels'],
  create: (_name, options) => stealerBlocksFormat(options),
  recognise({ lines }, options) {
    const roles = lines.map((line) => {
      const labelled = parseLabelled(line);
      return labelled && roleOfLabel(labelled.label, options.labels);
    });
    const passwords = roles.filter((role) => role === 'password').length;
    const usernames = roles.filter((role) => role === 'username').length;
    const share = (passwords + usernames) / lines.length;
    if (passwords === 0 || usernames === 0 || share <= MIN_LABELLED) return undefined;
    const reasons = [`${percent(share)} of the lines are labelled as usernames and passwords`];
    return { format: stealerBlocksFormat(options), score: LABELS_SCORE, reasons };
  },
};
