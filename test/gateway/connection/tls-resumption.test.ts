// Sessions of one TLS profile are nothing to another: nginx's CVE-2025-23419.

import { expect, test } from 'vitest';
import { echo, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { ALLOWED, FORBIDDEN, resume, statusOf, titleOf, type Version } from '../../support/gateway/resumption.ts';
import { hostsInFrontOf } from '../../support/gateway/tls.ts';

const VERSIONS: readonly Version[] = ['TLSv1.2', 'TLSv1.3'];
const served = async () => (await serve(hostsInFrontOf((await startOrigin(echo)).url))).port;

test.each(VERSIONS)('%s: a host without client certificates resumes its own sessions', async (version) => {
  expect(await resume(await served(), version, ALLOWED)).toMatchObject({ status: 200, isReused: true });
});

test.each(
  VERSIONS.flatMap((version) => FORBIDDEN.map((resumption) => ({ version, resumption, title: titleOf(resumption) }))),
)('$version: no certificate comes with a session: $title', async ({ version, resumption }) => {
  const { status, verified } = await resume(await served(), version, resumption);
  expect(verified).toEqual([]);
  expect(status).toBe(statusOf(resumption));
});
