// An entry of a list of devices: what one is called, or the certificate of one.

/** The key hash of an issuer, and a serial number. */
const CERTIFICATE = /^([0-9a-f]{64}):0*([0-9a-f]{1,40})$/i;
/** What a PrintableString may have, and what else inventories write; no colon. */
const DEVICE = /^[A-Za-z0-9](?:[A-Za-z0-9 '()+,./=?_#*-]{0,126}[A-Za-z0-9)*#-])?$/;

/**
 * The one spelling of an entry: inventories write numbers in either case.
 * @returns undefined for text that is neither
 */
export function normalSerial(text: string): string | undefined {
  const [, issuer, serial] = CERTIFICATE.exec(text) ?? [];
  if (issuer !== undefined && serial !== undefined) return `${issuer}:${serial}`.toLowerCase();
  return DEVICE.test(text) ? text.toUpperCase() : undefined;
}
