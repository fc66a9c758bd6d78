// Headers of tables: exports of browsers and password managers, sites with breaches, languages.

/** Cells marked by a capital letter are filled: U username, E address, P password, W site. */
export type Column = readonly [header: string, role: 'U' | 'E' | 'P' | 'W' | 'x' | 'date' | 'number' | ''];

const columns = (text: string): Column[] =>
  text.split(',').map((cell) => {
    const [, header = '', role = ''] = /^(.*?)(?:=(\w+))?$/.exec(cell) ?? [];
    return [header, role as Column[1]];
  });

/** Exports of programs. */
export const TOOL_TABLES: { readonly [tool: string]: readonly Column[] } = {
  Chrome: columns('name=x,url=W,username=U,password=P,note='),
  Edge: columns('name=x,url=W,username=U,password=P'),
  'Chrome database': columns('origin_url=W,username_value=U,password_value=P'),
  Firefox: columns(
    'url=W,username=U,password=P,httpRealm=,formActionOrigin=W,guid=x,timeCreated=number,timeLastUsed=number,timePasswordChanged=number',
  ),
  'Password Exporter': columns(
    'hostname=W,username=U,password=P,formSubmitURL=W,httpRealm=,usernameField=x,passwordField=x',
  ),
  Safari: columns('Title=x,URL=W,Username=U,Password=P,Notes=,OTPAuth='),
  Bitwarden: columns(
    'folder=,favorite=,type=x,name=x,notes=,fields=,reprompt=number,login_uri=W,login_username=U,login_password=P,login_totp=',
  ),
  LastPass: columns('url=W,username=U,password=P,totp=,extra=,name=x,grouping=x,fav=number'),
  '1Password': columns('Title=x,Url=W,Username=U,Password=P,OTPAuth=,Favorite=x,Archived=x,Tags=,Notes='),
  '1Password 7': columns('title=x,website=W,username=U,password=P,notes='),
  KeePass: columns('Account=x,Login Name=U,Password=P,Web Site=W,Comments='),
  KeePassXC: columns(
    'Group=x,Title=x,Username=U,Password=P,URL=W,Notes=,TOTP=,Icon=number,Last Modified=date,Created=date',
  ),
  Dashlane: columns('username=U,username2=,username3=,title=x,password=P,note=,url=W,category=x,otpUrl='),
  NordPass: columns('name=x,url=W,username=U,password=P,note=,cardholdername=,cardnumber=,cvc=,expirydate=,zipcode='),
  RoboForm: columns('Name=x,Url=W,MatchUrl=W,Login=U,Pwd=P,Note=,Folder=x'),
  'Proton Pass': columns(
    'type=x,name=x,url=W,email=,username=U,password=P,note=,totp=,createTime=number,modifyTime=number',
  ),
  Enpass: columns('Title=x,Username=U,Email=,Password=P,Website=W,TOTP='),
  Zoho: columns(
    'Password Name=x,Description=,Password URL=W,SecretData=,Notes=,CustomData=,Tags=,Username=U,Password=P',
  ),
  Kaspersky: columns('Account=x,Login=U,Password=P,Url=W'),
  WebBrowserPassView: columns(
    'URL=W,Web Browser=x,User Name=U,Password=P,Password Strength=x,User Name Field=x,Password Field=x,Created Time=date,Filename=x',
  ),
  Avira: columns('name=x,website=W,username=U,password=P,secondary_username='),
};

/** Tables of sites that collect breaches, and of databases. */
export const BREACH_TABLES: { readonly [site: string]: readonly Column[] } = {
  DeHashed: columns('id=number,email=E,ip_address=,username=,password=P,hashed_password=,name='),
  'DeHashed, both': columns(
    'id=number,email=E,ip_address=x,username=U,password=P,hashed_password=,name=,vin=,address=,phone=',
  ),
  Snusbase: columns('email=E,username=,password=P,hash=,salt=,name=,lastip=x'),
  'Email Address': columns('Email Address=E,Plaintext Password=P,Source=x'),
  users: columns('id=number,username=U,email=E,password=P,created_at=date'),
  user_login: columns('ID=number,user_login=U,user_pass=P,user_nicename=x,user_registered=date'),
  plaintext: columns('email=E,password_plaintext=P,country=x'),
  emailaddress: columns('UserId=number,EmailAddress=E,UserPassword=P,LastLogin=date'),
  pwd: columns('uid=number,uname=U,pwd=P,regdate=date'),
  mail: columns('mail=E,passwd=P,site=W'),
  'e-mail': columns('E-Mail=E,Pass=P,Phone=x'),
  loginpass: columns('login=U,pass=P,url=W'),
  account_name: columns('account_id=number,account_name=U,account_password=P'),
};

export const LANGUAGE_TABLES: { readonly [language: string]: readonly Column[] } = {
  German: columns('Name=x,Webseite=W,Benutzername=U,Passwort=P,Notizen='),
  'German, Kennwort': columns('Konto=x,Benutzer=U,Kennwort=P,Adresse=W'),
  French: columns("Nom=x,Adresse web=W,Nom d'utilisateur=U,Mot de passe=P,Remarques="),
  'French, identifiant': columns('identifiant=U,mot_de_passe=P,site=W'),
  Spanish: columns('Nombre=x,Usuario=U,Contraseña=P,Sitio web=W'),
  'Spanish, correo': columns('correo=E,contrasena=P,pais=x'),
  Portuguese: columns('Nome=x,Usuário=U,Senha=P,Site=W'),
  Italian: columns('Titolo=x,Nome utente=U,Parola chiave=P,Sito=W'),
  Russian: columns('Сайт=W,Логин=U,Пароль=P'),
  'Russian, почта': columns('Почта=E,Пароль=P,Телефон=x'),
  Ukrainian: columns('Сайт=W,Логін=U,Пароль=P'),
  Polish: columns('Strona=W,Użytkownik=U,Hasło=P'),
  Turkish: columns('Site=W,Kullanıcı adı=U,Şifre=P'),
  Chinese: columns('网站=W,用户名=U,密码=P'),
  'Chinese, 邮箱': columns('邮箱=E,密码=P,注册时间=date'),
  Japanese: columns('サイト=W,ユーザー名=U,パスワード=P'),
  Korean: columns('사이트=W,아이디=U,비밀번호=P'),
  Vietnamese: columns('Tên đăng nhập=U,Mật khẩu=P,Trang web=W'),
  Indonesian: columns('Nama pengguna=U,Kata sandi=P,Situs=W'),
  Dutch: columns('Gebruikersnaam=U,Wachtwoord=P,Website=W'),
  Czech: columns('Uživatelské jméno=U,Heslo=P,Adresa=W'),
  Swedish: columns('Användarnamn=U,Lösenord=P,Webbplats=W'),
  Hungarian: columns('Felhasználónév=U,Jelszó=P,Weboldal=W'),
};
