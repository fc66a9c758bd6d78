// Responses of authenticators in JSON: WebAuthn Level 3 §5.1.

import { z } from 'zod';

const bytes = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]*$/);
const shared = {
  id: bytes(1_400),
  rawId: bytes(1_400),
  type: z.literal('public-key'),
  clientExtensionResults: z.looseObject({}).default({}),
};

export const REGISTRATION = z.object({
  ...shared,
  response: z.object({
    clientDataJSON: bytes(4_096),
    attestationObject: bytes(49_152),
    transports: z.array(z.string().max(32)).max(16).optional(),
  }),
});

export const AUTHENTICATION = z.object({
  ...shared,
  response: z.object({
    clientDataJSON: bytes(4_096),
    authenticatorData: bytes(4_096),
    signature: bytes(2_048),
    userHandle: bytes(128)
      .nullish()
      .transform((value) => value ?? undefined),
  }),
});
