// The names that columns of credentials have: in dumps, browsers, password managers, and languages.

/** Of a name; what is longer is none, and long runs of marks take quadratic time. */
const MAX_NAME = 256;

/**
 * How names are compared: without case, accents, white space and punctuation. Longer text is no
 * name.
 */
export function foldName(name: string): string {
  if (name.length > MAX_NAME) return name;
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

const names = (text: string): readonly string[] => text.trim().split(/\s*[,\n]\s*/);
const folded = (text: string): readonly string[] => [...new Set(names(text).map(foldName))];

/** What a person logs in with. A row may have several. */
const LOGINS = folded(`
  username, user, user name, login, login name, login username, username2, username3, secondary username
  usr, uname, user login, user id login, account name, account username, sign in name, signin, logon, logon name
  email, e-mail, mail, email address, e-mail address, mail address, user email, login email, email1, primary email
  item email, item username
  username value, user mail, account email, contact email, customer email, e_mail, emailaddr, samaccountname, upn
  Benutzername, Benutzer, Nutzername, Anmeldename, Nutzer, E-Mail-Adresse, Mailadresse, Benutzerkennung
  nom d'utilisateur, utilisateur, identifiant, adresse e-mail, courriel, adresse mail, adresse électronique, pseudo
  usuario, nombre de usuario, correo, correo electrónico, dirección de correo, correo electronico, nombre usuario
  nome utente, utente, posta elettronica, indirizzo email, indirizzo e-mail, nome de usuário, nome do usuário
  usuário, utilizador, nome de utilizador, endereço de e-mail, correio eletrônico, correio eletrónico
  gebruikersnaam, gebruiker, e-mailadres, inlognaam, mailadres
  nazwa użytkownika, użytkownik, nazwa uzytkownika, uzytkownik, adres e-mail, adres email, login użytkownika
  kullanıcı adı, kullanıcı, kullanici adi, kullanici, kullaniciadi, e-posta, eposta, e-posta adresi, eposta adresi
  логин, имя пользователя, пользователь, почта, эл. почта, электронная почта, адрес электронной почты, e-mail адрес
  логін, ім'я користувача, користувач, пошта, електронна пошта, адреса електронної пошти, ел. пошта
  потребител, потребителско име, имейл, корисничко име, име пользователя
  uživatelské jméno, uživatel, přihlašovací jméno, e-mailová adresa, používateľské meno, používateľ, prihlasovacie meno
  användarnamn, användare, e-post, epost, e-postadress, brukernavn, bruker, e-postadresse, brugernavn, bruger
  käyttäjätunnus, käyttäjänimi, käyttäjä, sähköposti, sähköpostiosoite, kasutajanimi, felhasználónév, felhasználó
  nume utilizator, utilizator, nume de utilizator, korisničko ime, korisnik, uporabniško ime, όνομα χρήστη, χρήστης
  lietotājvārds, vartotojo vardas, nombre d'usuari, usuari, tên đăng nhập, tên người dùng, nama pengguna, pengguna
  用户名, 用户, 账号, 帐号, 账户, 帐户, 登录名, 用户名称, 邮箱, 电子邮箱, 电子邮件, 邮件, 邮箱地址, 電子郵件, 使用者名稱, 帳號, 電郵
  ユーザー名, ユーザ名, ユーザー, ユーザーID, ログイン, ログインID, ログイン名, メール, メールアドレス, Eメール
  사용자 이름, 사용자명, 사용자, 아이디, 로그인, 이메일, 이메일 주소, 전자우편
  اسم المستخدم, المستخدم, البريد الإلكتروني, بريد إلكتروني, نام کاربری, ایمیل, שם משתמש, אימייל, דואר אלקטרוני
  उपयोगकर्ता नाम, ईमेल, ชื่อผู้ใช้, อีเมล
`);

/** Taken only where no other column is a login: elsewhere they name something else. */
const WEAK_LOGINS = folded(`
  account, userid, user id, uid, loginid, login id, nick, nickname, nick name, screen name, handle, member
  member name, phone, phone number, mobile, msisdn, telephone, customer id, alias, Konto, compte, cuenta, conta, konto
  телефон, аккаунт, ник, 手机, 手机号, 手机号码, 昵称, アカウント, 계정, identity, identifier, principal, display login
`);

/**
 * Of several columns, the first of this list is the password: a plaintext beside a password is the
 * plain one.
 */
const PASSWORDS = folded(`
  plaintext password, password plaintext, plain password, password plain, plaintext, plain text, plain, plainpass
  cracked, cracked password, decrypted password, password decrypted, dehashed, cleartext, clear text, clear password
  password, login password, password value, user password, account password, passwd, pass, pwd, pw, pword, passw
  user pass, userpass, user pwd, passwort, kennwort, mot de passe, motdepasse, mdp, contraseña, contrasena, clave
  contrasenya, senha, palavra-passe, palavra passe, parola, parola d'ordine, parola chiave, parola di accesso, codice di accesso, palabra clave, palabra de paso, parolă, wachtwoord, hasło, haslo, şifre
  sifre, parola şifre, пароль, пароли, парола, лозинка, heslo, lösenord, losenord, passord, adgangskode, kodeord
  salasana, parool, jelszó, lozinka, geslo, κωδικός, κωδικός πρόσβασης, parole, slaptažodis, mật khẩu, kata sandi
  密码, 口令, 登录密码, 用户密码, 密碼, パスワード, 暗証番号, 비밀번호, 암호, 패스워드, كلمة المرور, كلمة السر
  رمز عبور, گذرواژه, סיסמה, סיסמא, पासवर्ड, รหัสผ่าน, login pwd, passphrase, pass phrase, kata laluan
`);

const COUNTS = folded(`
  count, times, occurrences, frequency, freq, hits, times seen, anzahl, häufigkeit, occurrence, conteggio
  количество, кількість, počet, 次数, 数量, 回数, 횟수
`);

/** A hash instead of a password. */
const SHA1S = folded('sha1, sha-1, sha1 hash, password sha1, hash sha1, sha1 password');
const NTLMS = folded('ntlm, nt hash, nthash, ntlm hash, nt, hash ntlm');
const HASHES = folded(`
  hash, hashed password, password hash, passwordhash, hashed pass, pass hash, pwhash, hash password, md5, sha256
  sha512, bcrypt, encrypted password, password encrypted, password digest, salted password, crypted password, hashes
`);

/** Columns beside those of credentials, by which a header is known as one. */
const OTHERS = folded(`
  id, name, first name, last name, full name, url, uri, website, web site, site, domain, host, hostname, origin url
  login uri, signon realm, action url, title, note, notes, comment, comments, folder, group, grouping, fav, favorite
  type, totp, otpauth, otp secret, extra, category, tags, ip, ip address, lastip, last ip, phone, address, city
  country, zip, zipcode, state, salt, hash type, database name, database, source, created, updated, modified, vault
  dob, birthday, gender, uuid, guid, httprealm, formactionorigin, formsubmiturl, usernamefield, passwordfield, row
  Titel, titre, titolo, título, tytuł, başlık, название, заголовок, 标题, タイトル, 제목, Webseite, Seite, sito, sitio
  página, strona, сайт, веб-сайт, adresse, dirección, indirizzo, Notiz, Notizen, Bemerkung, remarque, nota, notas
  заметки, примечание, 网站, 网址, 备注, サイト, メモ, 사이트, 메모, Nachname, Vorname, nom, prénom, nombre, apellido
  product, price, order, order id, total, amount, quantity, qty, sku, item, currency, customer, customer name, subject
  message, description, age, sex, language, locale, avatar, user agent, plan, department, position, job, job title
  birth date, birthdate, birthday, date of birth, created at, updated at, last login, registered, region, street
  province, postal code, postcode, county, nationality, hobby, school, team, brand, model, color, size, weight
  matchurl, rffieldsv2, rffields, icon, vin, regip, date, time, timestamp, status, level, role, company, label
`);

const RANKS = new Map(PASSWORDS.map((name, rank) => [name, rank]));
const ROLES = new Map<string, NameRole>();
export type NameRole = 'login' | 'weak-login' | 'password' | 'count' | 'sha1' | 'ntlm' | 'hash' | 'other';
for (const [role, list] of [
  ['login', LOGINS],
  ['password', PASSWORDS],
  ['count', COUNTS],
  ['sha1', SHA1S],
  ['ntlm', NTLMS],
  ['hash', HASHES],
  ['weak-login', WEAK_LOGINS],
  ['other', OTHERS],
] as const)
  for (const name of list) if (!ROLES.has(name)) ROLES.set(name, role);

/**
 * Roles of names that were asked for: folding a name for each object of a corpus would take a third
 * of its time.
 */
const KNOWN = new Map<string, NameRole | undefined>();
const MAX_KNOWN = 4096;

/** What a column of this name holds. A name may be qualified by a table: `users.email`. */
export function roleOfName(name: string): NameRole | undefined {
  const known = KNOWN.get(name);
  if (known !== undefined || KNOWN.has(name)) return known;
  if (KNOWN.size === MAX_KNOWN) KNOWN.clear();
  const whole = ROLES.get(foldName(name));
  const role = whole ?? (name.includes('.') ? ROLES.get(foldName(name.slice(name.lastIndexOf('.') + 1))) : undefined);
  KNOWN.set(name, role);
  return role;
}

/** The place of a password's name in the order of preference. */
export function passwordRank(name: string): number {
  const rank = RANKS.get(foldName(name));
  return rank ?? RANKS.get(foldName(name.slice(name.lastIndexOf('.') + 1))) ?? RANKS.size;
}

/** Whether a name says that the column holds plaintexts, beside one that may hold hashes. */
export const isPlaintextName = (name: string): boolean => passwordRank(name) < (RANKS.get('password') ?? 0);

/** Whether a name contains a word for a password without being one that is known. */
export const hintsAtPassword = (name: string): boolean =>
  /pass|pwd|contrase|kennwort|motdepasse|senha|parol|haslo|wachtwoord|парол|密码|パスワード|비밀번호/.test(
    foldName(name),
  );
