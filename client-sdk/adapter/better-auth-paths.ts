// Where better-auth takes passwords: its endpoints, and the fields that each of them reads.

export interface CredentialPlace {
  /** The field that tells whose it is; `session` where the session does. */
  readonly username?: string | undefined;
  readonly password: string;
}

/** A map, so that no path finds what objects inherit. */
type Places = ReadonlyMap<string, CredentialPlace>;

export const SIGN_INS: Places = new Map([
  ['/sign-in/email', { username: 'email', password: 'password' }],
  ['/sign-in/username', { username: 'username', password: 'password' }],
  ['/sign-in/phone-number', { username: 'phoneNumber', password: 'password' }],
]);

export const NEW_PASSWORDS: Places = new Map([
  ['/sign-up/email', { username: 'email', password: 'password' }],
  ['/change-password', { username: 'session', password: 'newPassword' }],
  ['/reset-password', { password: 'newPassword' }],
  ['/email-otp/reset-password', { username: 'email', password: 'password' }],
  ['/phone-number/reset-password', { username: 'phoneNumber', password: 'newPassword' }],
  ['/admin/create-user', { username: 'email', password: 'password' }],
  ['/admin/set-user-password', { password: 'newPassword' }],
]);
