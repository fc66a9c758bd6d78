// What the labels of a block name: the site, what a person logs in with, the password.

import { foldName, roleOfName } from '../column-names.ts';
import type { Labels } from '../format-options.ts';

/** `other` is a known name of something else. */
export type LabelRole = 'site' | 'login' | 'weak-login' | 'password' | 'other' | 'unknown';

export const isOfCredential = (role: LabelRole): boolean => role === 'site' || role === 'login' || role === 'password';

const folded = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .trim()
      .split(/\s*[,\n]\s*/)
      .map(foldName),
  );

const SITES = folded(`
  url, url/host, host, hostname, host name, site, website, web site, web page, webpage, server, server name, domain
  origin, origin url, login url, action url, signon realm, link, uri, address, site url, web, portal, endpoint
  Webseite, Internetseite, Seite, Adresse, Internetadresse, Rechner, adresse web, site internet, hôte, serveur, lien
  sitio, sitio web, página, página web, dirección, dirección web, enlace, servidor, endereço, sítio, site web
  sito, sito web, indirizzo, indirizzo web, pagina, website-adres, webadres, adres, adres strony, strona, witryna
  strona internetowa, adresa, adresa web, stránka, webová stránka, webstránka, webbplats, webbsida, adress, websted
  hjemmeside, nettsted, nettside, sivusto, osoite, verkkosivu, veebileht, weboldal, honlap, cím, pagină, site-ul
  web adresi, internet sitesi, adresi, ιστότοπος, ιστοσελίδα, διεύθυνση, сайт, адрес, ссылка, хост, сервер, домен
  веб-сайт, веб сайт, посилання, адреса, страница, уебсайт, връзка, stranica, web stranica, spletna stran
  trang web, địa chỉ, liên kết, situs, situs web, alamat, laman, laman web, tautan
  网址, 网站, 链接, 地址, 站点, 域名, 網址, 網站, 連結, サイト, ウェブサイト, アドレス, ホスト, リンク, 사이트, 웹사이트, 주소, 링크
  الموقع, موقع, الرابط, رابط, العنوان, سایت, وبسایت, آدرس, אתר, כתובת, קישור, वेबसाइट, साइट, เว็บไซต์, เว็บ, ลิงก์
`);

/** Beside those of columns: what only logs write. */
const LOGINS = folded('u, usr, lgn, usrname, id/email, email/username, username/email, user/email, login/email');
const PASSWORDS = folded('p, pss, psw, psswd, passwort/pin, pass word, user password');

/** Words of tools that would otherwise be names of columns. */
const OTHERS = folded('user name field, username field, password field, password strength, password file, name, value');

const LEET: { readonly [digit: string]: string } = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' };

/** @param stated labels of the operator, which come first */
export function roleOfLabel(label: string, stated?: Labels): LabelRole {
  const name = foldName(label);
  if (states(stated?.username, label, name)) return 'login';
  if (states(stated?.password, label, name)) return 'password';
  return (
    roleOfFolded(name) ??
    roleOfFolded(foldName(label.replace(/[013457@$]/g, (sign) => LEET[sign] as string))) ??
    'unknown'
  );
}

function states(names: readonly string[] | undefined, label: string, name: string): boolean {
  return (names ?? []).some((stated) => (name === '' ? stated === label.toLowerCase() : foldName(stated) === name));
}

function roleOfFolded(name: string): LabelRole | undefined {
  if (OTHERS.has(name)) return 'other';
  if (SITES.has(name)) return 'site';
  if (LOGINS.has(name)) return 'login';
  if (PASSWORDS.has(name)) return 'password';
  const role = roleOfName(name);
  if (role === 'login' || role === 'weak-login' || role === 'password') return role;
  return role === undefined ? undefined : 'other';
}
