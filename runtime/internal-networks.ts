// The networks whose addresses mean something inside a machine or a network alone.

/** IPv4 that is not global, from IANA's special-purpose registry and of multicast. */
export const INTERNAL_V4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
/** IPv6 in use is within 2000::/3; `INTERNAL_V6` are parts of it that are not. */
export const GLOBAL_V6 = '2000::/3';
/** Some of them carry IPv4 addresses. */
export const INTERNAL_V6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
