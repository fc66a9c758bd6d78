// Labels of credential blocks: those of tools, and those of languages.

/** Labels of the site, the username and the password. */
export type Labels = readonly [site: string, username: string, password: string];

export const TOOL_LABELS: { readonly [tool: string]: Labels } = {
  RedLine: ['URL', 'Username', 'Password'],
  Vidar: ['Host', 'Login', 'Password'],
  Raccoon: ['URL', 'USR', 'PASS'],
  Lightning: ['URL', 'USER', 'PASS'],
  LaZagne: ['URL', 'Login', 'Password'],
  StealC: ['url', 'login', 'password'],
  Azorult: ['URL', 'USER', 'PASS'],
  ChromePass: ['Origin URL', 'User Name', 'Password'],
  WebBrowserPassView: ['URL', 'User Name', 'Password'],
  Hostname: ['Hostname', 'Username', 'Password'],
  leet: ['H05T', 'U53RN4M3', 'P455W0RD'],
  WinSCP: ['HostName', 'UserName', 'Password'],
  FileZilla: ['Server', 'User', 'Pass'],
  short: ['Site', 'U', 'P'],
};

export const LANGUAGE_LABELS: { readonly [language: string]: Labels } = {
  German: ['Webseite', 'Benutzername', 'Passwort'],
  'German, Kennwort': ['Adresse', 'Benutzer', 'Kennwort'],
  French: ['Site', 'Identifiant', 'Mot de passe'],
  Spanish: ['Sitio web', 'Usuario', 'Contraseña'],
  Portuguese: ['Endereço', 'Usuário', 'Senha'],
  Italian: ['Sito', 'Nome utente', 'Parola chiave'],
  Russian: ['Ссылка', 'Логин', 'Пароль'],
  'Russian, user': ['Сайт', 'Пользователь', 'Пароль'],
  Ukrainian: ['Сайт', 'Логін', 'Пароль'],
  Polish: ['Adres', 'Użytkownik', 'Hasło'],
  Turkish: ['Site', 'Kullanıcı adı', 'Şifre'],
  Chinese: ['网址', '用户名', '密码'],
  Japanese: ['サイト', 'ユーザー名', 'パスワード'],
  Korean: ['사이트', '아이디', '비밀번호'],
  Vietnamese: ['Trang web', 'Tên đăng nhập', 'Mật khẩu'],
  Indonesian: ['Situs', 'Nama pengguna', 'Kata sandi'],
  Dutch: ['Website', 'Gebruikersnaam', 'Wachtwoord'],
  Czech: ['Adresa', 'Uživatelské jméno', 'Heslo'],
  Swedish: ['Webbplats', 'Användarnamn', 'Lösenord'],
  Danish: ['Websted', 'Brugernavn', 'Adgangskode'],
  Finnish: ['Sivusto', 'Käyttäjätunnus', 'Salasana'],
  Hungarian: ['Weboldal', 'Felhasználónév', 'Jelszó'],
  Romanian: ['Site', 'Utilizator', 'Parolă'],
  Greek: ['Ιστότοπος', 'Όνομα χρήστη', 'Κωδικός πρόσβασης'],
  Arabic: ['الموقع', 'اسم المستخدم', 'كلمة المرور'],
  Hebrew: ['אתר', 'שם משתמש', 'סיסמה'],
};
