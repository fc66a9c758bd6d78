// Each login of each preset, sent as the application's own forms and programs send it.

import { describe, expect, test } from 'vitest';
import { PRESET_FILES } from '../../../support/gateway/login/presets.ts';
import { JSON_TYPE, loginsOf, outcomeOf, readAt, type Sent } from '../../../support/gateway/login/read.ts';

const form = (target: string, body: string): Sent => ({ target, body });
const json = (target: string, value: unknown): Sent => ({
  target,
  headers: ['Content-Type', JSON_TYPE],
  body: JSON.stringify(value),
});
const basic = (target: string): Sent => ({
  method: 'GET',
  target,
  headers: ['Authorization', `Basic ${btoa('bob:s3')}`],
});
const call = (target: string, method: string, ...params: string[]): Sent => ({
  target,
  headers: ['Content-Type', 'text/xml'],
  body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${params
    .map((param) => `<param><value><string>${param}</string></value></param>`)
    .join('')}</params></methodCall>`,
});

const LOGINS: { readonly [login: string]: readonly Sent[] } = {
  'wordpress wp-login': [
    form('/wp-login.php', 'log=bob&pwd=s3&wp-submit=Log+In&redirect_to=%2Fwp-admin%2F&testcookie=1'),
    form('/blog/wp-login.php?action=of-no-list', 'log=bob&pwd=s3'),
    form('/wp-login.php', 'interim-login=1&log=bob&pwd=s3'),
  ],
  'wordpress xmlrpc-users-blogs': [call('/xmlrpc.php', 'wp.getUsersBlogs', 'bob', 's3')],
  'wordpress xmlrpc-posts': [
    call('/xmlrpc.php', 'blogger.getPost', 'key', '1', 'bob', 's3'),
    call('/xmlrpc.php', 'wp.getPage', '1', '2', 'bob', 's3'),
    call('/xmlrpc.php', 'metaWeblog.deletePost', 'key', '1', 'bob', 's3', '1'),
  ],
  'wordpress xmlrpc': [call('/xmlrpc.php', 'wp.getPosts', '1', 'bob', 's3')],
  'wordpress application-password': [
    basic('/wp-json/wp/v2/posts'),
    basic('/?rest_route=/wp/v2/posts'),
    basic('/?rest.route=/wp/v2/posts'),
    basic('/blog/index.php/api/wp/v2/posts'),
    { ...basic('/'), method: 'POST', body: 'rest_route=/wp/v2/posts' },
  ],
  'woocommerce account': [
    form('/my-account/', 'username=bob&password=s3&woocommerce-login-nonce=a&_wp_http_referer=%2F&login=Log+in'),
    form('/checkout/', 'username=bob&password=s3&_wpnonce=a&login=Log+in'),
  ],
  'joomla site': [
    form(
      '/index.php',
      `username=bob&password=s3&option=com_users&task=user.login&return=aW5kZXg%3D&${'a'.repeat(32)}=1`,
    ),
    form('/component/users/?task=user.login&Itemid=101', 'username=bob&password=s3'),
    form('/', 'username=bob&password=s3&option=com_users&task=User.Login'),
    form('/', 'username=bob&password=s3&option=com_users&task=user.lo!gin'),
    form('/', 'username=bob&password=s3&option=com_users&task=login&controller=user'),
    form('/?task=user.login.x', 'username=bob&password=s3'),
    form('/?task=us%21er.login&option=com_us!ers', 'username=bob&password=s3'),
    form('/?task=.user.login&view=x', 'username=bob&password=s3'),
    form('/any/menu-item', 'username=bob&password=s3&controller=user&task=login'),
  ],
  'joomla administrator': [
    form('/administrator/index.php', 'username=bob&passwd=s3&lang=&option=com_login&task=login&return=aW5kZXg%3D'),
  ],
  'drupal user-login': [
    form('/user/login', 'name=bob&pass=s3&form_build_id=form-a&form_id=user_login_form&op=Log+in'),
    json('/user/login?_format=json', { name: 'bob', pass: 's3' }),
    form('/index.php/user/login', 'name=bob&pass=s3'),
    json('/user/login.json', { name: 'bob', pass: 's3' }),
  ],
  'drupal block': [form('/node?destination=/node', 'name=bob&pass=s3&form_id=user_login_form')],
  'ghost session': [
    json('/ghost/api/admin/session/', { username: 'bob', password: 's3', grant_type: 'password' }),
    json('/ghost/api/v3/admin/session', { username: 'bob', password: 's3' }),
  ],
  'magento store': [
    form(
      '/customer/account/loginPost/referer/aHR0/',
      'form_key=a&login%5Busername%5D=bob&login%5Bpassword%5D=s3&send=',
    ),
  ],
  'magento ajax': [json('/customer/ajax/login', { username: 'bob', password: 's3', context: 'checkout' })],
  'magento token': [
    json('/rest/V1/integration/customer/token', { username: 'bob', password: 's3' }),
    json('/rest/default/V1/integration/admin/token', { username: 'bob', password: 's3' }),
    json('/rest/all/async/V1/integration/customer/token', { username: 'bob', password: 's3' }),
    json('/rest/V1/tfa/provider/google/authenticate', { username: 'bob', password: 's3', otp: '1' }),
  ],
  'magento administrator': [form('/backend_x/admin/', 'form_key=a&login%5Busername%5D=bob&login%5Bpassword%5D=s3')],
  'plone login-form': [form('/site/login', 'came_from=&__ac_name=bob&__ac_password=s3&buttons.login=Log+in')],
  'plone rest': [
    json('/site/@login', { login: 'bob', password: 's3' }),
    json('/site/@login/', { login: 'bob', password: 's3' }),
    json('/site?%40login:method=1', { login: 'bob', password: 's3' }),
    json('/site?:action=@login', { login: 'bob', password: 's3' }),
  ],
  'plone basic': [basic('/site/manage_main')],
  'plone anywhere': [form('/site/front-page', '__ac_name=bob&__ac_password=s3')],
  'owa form': [
    form('/owa/auth.owa', 'destination=https%3A%2F%2Fapp.example%2Fowa&flags=4&username=bob&password=s3&isUtf8=1'),
    form('/owa/auth/owaauth.dll', 'destination=x&username=bob&password=s3'),
    form('/OWA/auth.owa/', 'username=bob&password=s3'),
    form('/owa/auth.owa/x', 'username=bob&password=s3'),
    form('/owa/auth.owa;x', 'username=bob&password=s3'),
  ],
  'owa basic': [basic('/EWS/Exchange.asmx'), basic('/Microsoft-Server-ActiveSync?Cmd=Sync'), basic('/other')],
  'nextcloud login': [
    form('/index.php/login', 'user=bob&password=s3&timezone=Europe%2FBerlin&timezone_offset=2&requesttoken=a'),
    form('/login', 'user=bob&password=s3'),
    form('/cloud/index.php/login/', 'user=bob&password=s3'),
    json('/login', { user: 'bob', password: 's3' }),
  ],
  'nextcloud ocs': [form('/ocs/v1.php/person/check', 'login=bob&password=s3')],
  'nextcloud basic': [basic('/remote.php/dav/files/bob/')],
  'roundcube login': [
    form('/?_task=login', '_token=a&_task=login&_action=login&_timezone=UTC&_url=&_user=bob&_pass=s3'),
  ],
  'phpmyadmin cookie': [form('/index.php?route=/', 'set_session=a&pma_username=bob&pma_password=s3&server=1&token=b')],
  'mediawiki user-login': [
    form('/index.php?title=Special:UserLogin', 'wpName=bob&wpPassword=s3&wploginattempt=Log+in&wpLoginToken=a'),
  ],
  'mediawiki api-clientlogin': [
    form('/api.php', 'action=clientlogin&username=bob&password=s3&logintoken=a&loginreturnurl=x&format=json'),
    form('/api.php?action=clientlogin', 'username=bob&password=s3&logintoken=a'),
    form('/w/api.php/x', 'action=clientlogin&username=bob&password=s3&logintoken=a'),
  ],
  'mediawiki api-login': [form('/w/api.php', 'action=login&lgname=bob&lgpassword=s3&lgtoken=a&format=json')],
  'dokuwiki login': [form('/doku.php?id=start', 'sectok=a&id=start&do=login&u=bob&p=s3&r=1')],
  'dokuwiki xmlrpc': [
    call('/lib/exe/xmlrpc.php', 'dokuwiki.login', 'bob', 's3'),
    call('/lib/exe/xmlrpc.php', 'core.login', 'bob', 's3'),
  ],
  'dokuwiki jsonrpc': [
    json('/lib/exe/jsonrpc.php', { method: 'core.login', params: { user: 'bob', pass: 's3' }, id: 1 }),
    json('/lib/exe/jsonrpc.php/x', { method: 'dokuwiki.login', params: { pass: 's3', user: 'bob' } }),
  ],
  'dokuwiki jsonrpc-path': [json('/lib/exe/jsonrpc.php/core.login', { user: 'bob', pass: 's3' })],
  'dokuwiki basic': [basic('/doku.php?id=start')],
  'gitlab sign-in': [
    form('/users/sign_in', 'authenticity_token=a&user%5Blogin%5D=bob&user%5Bpassword%5D=s3&user%5Bremember_me%5D=0'),
    json('/users/sign_in.json', { user: { login: 'bob', password: 's3' } }),
    form('/gitlab/users/sign_in.html/', 'user%5Blogin%5D=bob&user%5Bpassword%5D=s3'),
  ],
  'gitlab ldap': [form('/users/auth/ldapmain/callback', 'authenticity_token=a&username=bob&password=s3')],
  'gitlab token': [
    form('/oauth/token', 'grant_type=password&username=bob&password=s3'),
    json('/oauth/token', { grant_type: 'password', username: 'bob', password: 's3' }),
    json('/oauth/token.json', { grant_type: 'password', username: 'bob', password: 's3' }),
  ],
  'gitlab basic': [basic('/group/project.git/info/refs?service=git-upload-pack')],
  'grafana login': [
    json('/login', { user: 'bob', password: 's3' }),
    json('/monitoring/login/', { User: 'bob', Password: 's3' }),
  ],
  'grafana basic': [basic('/api/org')],
  'keycloak form': [
    form(
      '/realms/shop/login-actions/authenticate?session_code=a&execution=b&client_id=c',
      'username=bob&password=s3&credentialId=',
    ),
    form('/auth/realms/shop/login-actions/authenticate?session_code=a', 'username=bob&password=s3'),
    form('/realms/shop/login-actions/first-broker-login?session_code=a', 'username=bob&password=s3'),
    form('/realms/shop/login-actions/post-broker-login', 'username=bob&password=s3'),
    form('/realms/shop/login-actions/authenticate;a=b/', 'username=bob&password=s3'),
  ],
  'keycloak token': [
    form('/realms/shop/protocol/openid-connect/token', 'grant_type=password&client_id=c&username=bob&password=s3'),
  ],
  'keycloak basic': [basic('/realms/shop/protocol/docker-v2/auth?service=x'), basic('/realms/shop/protocol/saml')],
  'generic form': [
    form('/enter', 'email=bob&password=s3'),
    json('/api/session', { user: { email: 'bob', password: 's3' } }),
    form('/sessions', 'user%5Bemail%5D=bob&user%5Bpassword%5D=s3'),
  ],
  'basic basic': [basic('/')],
};

describe('a preset has a request for each of its logins:', () => {
  test.each([...PRESET_FILES.values()])('$name', ({ name, logins }) => {
    const tested = Object.keys(LOGINS).filter((at) => at.startsWith(`${name} `));
    expect(tested.toSorted()).toEqual(
      logins
        .map((login) => `${name} ${login.name}`)
        .filter((at) => at !== 'nextcloud confirm')
        .toSorted(),
    );
  });
});

const cases = Object.entries(LOGINS).flatMap(([at, requests]) => requests.map((sent) => ({ at, sent })));

test.each(cases)('$at is found: $sent.target', ({ at, sent }) => {
  const [preset = '', login] = at.split(' ');
  const reading = readAt(loginsOf(preset), sent);
  expect(reading).toMatchObject({
    kind: 'attempt',
    attempt: { usernames: ['bob'], passwords: ['s3'], login: { preset } },
  });
  if (typeof reading === 'object' && reading.kind === 'attempt') expect(reading.attempt.login.name).toBe(login);
});

test('nextcloud confirm has no username', () => {
  expect(readAt(loginsOf('nextcloud'), json('/index.php/login/confirm', { password: 's3' }))).toMatchObject({
    attempt: { usernames: [], passwords: ['s3'], login: { name: 'confirm' } },
  });
});

test.each<readonly [string, unknown]>([
  ['/lib/exe/jsonrpc.php', { method: 'core.login', params: ['bob', 's3'] }],
  ['/lib/exe/jsonrpc.php', { method: 'core.l\u006fgin', params: ['bob', 's3'] }],
  ['/lib/exe/jsonrpc.php/core.login', ['bob', 's3']],
])('dokuwiki: positions in JSON are refused: %s %j', (target, value) => {
  expect(readAt(loginsOf('dokuwiki'), json(target, value))).toMatchObject({ kind: 'refused' });
});

test.each([
  ['dokuwiki', json('/lib/exe/jsonrpc.php', { method: 'core.getPage', params: ['start'] })],
  ['wordpress', form('/wp-login.php?action=lostpassword', 'user_login=bob')],
  ['wordpress', form('/', 's=search')],
  ['woocommerce', form('/cart/', 'quantity=1&add-to-cart=5')],
  ['joomla', form('/index.php', 'option=com_search&task=search')],
  ['drupal', form('/node/1/edit', 'title=a&form_id=node_form')],
  ['magento', form('/checkout/cart/add', 'form_key=a&qty=1')],
  ['plone', form('/site/front-page/edit', 'form.widgets.title=a')],
  ['roundcube', form('/?_task=mail&_action=send', '_to=a%40b.example&_subject=x&_message=y')],
  ['phpmyadmin', form('/index.php?route=/sql', 'sql_query=SELECT+1')],
  ['mediawiki', form('/api.php', 'action=query&meta=tokens&type=login')],
  ['keycloak', form('/realms/shop/protocol/openid-connect/token', 'grant_type=authorization_code&code=a')],
  ['dokuwiki', form('/doku.php?id=start', 'do=save&wikitext=x')],
  ['plone', form('/site/front-page/edit', 'title:string=a&tags:list=b&__ac_name:string=bob')],
  ['joomla', form('/index.php', 'option=com_contact&task=contact.submit&jform[contact_name]=bob')],
])('%s: another request is none: %#', (preset, sent) => {
  const reading = readAt(loginsOf(preset), sent);
  expect(reading === 'unseen' ? 'none' : reading.kind).toBe('none');
});

const CONVERTERS = [
  'string',
  'utf8:ustring',
  'list',
  'tokens',
  'method',
  'default',
  'of-none',
  'string.x',
  'string%0A',
];
test.each(CONVERTERS)('plone: a credential with the type %s is refused', (type) => {
  const logins = loginsOf('plone');
  const fields = [
    `__ac_name:${type}=bob&__ac_password:${type}=s3`,
    `__ac_name:${type}=bob&__ac_password=s3`,
    `__ac_name=bob&__ac_password:${type}=s3`,
  ];
  for (const body of fields)
    for (const target of ['/site/login', '/site/front-page'])
      expect([body, target, outcomeOf(readAt(logins, form(target, body)))]).toEqual([body, target, 'LOGIN_UNREADABLE']);
  const divided = form(`/site/front-page?__ac_name:${type}=bob`, '__ac_password=s3');
  expect(outcomeOf(readAt(logins, divided))).toBe('LOGIN_UNREADABLE');
  for (const query of fields) {
    const sent = { method: 'GET', target: `/site/front-page?${query}`, headers: [] };
    expect([query, outcomeOf(readAt(logins, sent))]).toEqual([query, 'LOGIN_UNREADABLE']);
  }
});
