// Logins in the configuration of an application: `wordpress`, a list of presets, or an object.

import { z } from 'zod';
import { nearest } from '../../runtime/config/nearest.ts';
import { CHECK_KEYS } from '../checks/check-keys.ts';
import { COOKIE_PATTERNS } from '../fields/cookie-pattern.ts';
import { HOLD_SCHEMA } from '../quarantine/hold-schema.ts';
import { LOCATION } from './location.ts';
import { PRESETS } from './preset.ts';
import { PRESET_SCHEMA } from './preset-schema.ts';

const MAX_LOCATIONS = 200;

for (const preset of PRESETS.values()) PRESET_SCHEMA.parse(preset);

const preset = z.string({ error: 'must be the name of a preset' }).min(1, { error: 'must be the name of a preset' });

const presets = z.union([preset.transform((one) => [one]), z.array(preset).min(1, { error: 'must have a preset' })], {
  error: 'must be the name of a preset, or a list of them',
});

const location = LOCATION.extend({
  /** The page where users change their password. */
  changePassword: z.string({ error: 'must be a path' }).startsWith('/', { error: 'must be a path' }).optional(),
});

const object = z
  .strictObject({
    presets: presets.default([]),
    locations: z
      .array(location, { error: 'must be a list of logins' })
      .max(MAX_LOCATIONS, { error: `may have ${MAX_LOCATIONS} logins` })
      .superRefine((locations, context) => {
        for (const [i, { name }] of locations.entries())
          if (locations.findIndex((each) => each.name === name) < i)
            context.addIssue({ code: 'custom', path: [i, 'name'], message: 'is the name of another login too' });
      })
      .default([]),
    /** Cookies that the application sets after a login alone, beside those of the presets. */
    sessionCookies: COOKIE_PATTERNS.default([]),
    /** Which requests other than logins may begin a session, beside those of the presets. */
    mayBeginSession: z.string({ error: 'must be an expression' }).min(1, { error: 'must be an expression' }).optional(),
    /** What becomes of a login that servers may read in different ways. `pass` lets it through. */
    unreadable: z.enum(['refuse', 'pass'], { error: 'must be refuse or pass' }).default('refuse'),
    ...CHECK_KEYS,
    /** What `hold` needs: docs/gateway-hold.md. */
    hold: HOLD_SCHEMA.optional(),
  })
  .refine((value) => value.presets.length + value.locations.length > 0, {
    error: 'must have a preset or a location',
    // A misspelled key is told first.
    when: ({ issues }) => issues.length === 0,
  });

export const LOGIN_SCHEMA = z.union([presets.transform((names) => object.parse({ presets: names })), object], {
  error: 'must be the name of a preset, a list of them, or an object with presets and locations',
});

export type LoginConfig = z.output<typeof LOGIN_SCHEMA>;

/** Names that are no preset, each with what it must be. */
export function unknownPresets({ presets: names }: LoginConfig): readonly { message: string; hint: string }[] {
  const known = [...PRESETS.keys()];
  return names
    .filter((name) => !PRESETS.has(name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? `Presets are ${known.join(', ')}.` : `Did you mean ${meant}?`;
      return { message: 'names no preset', hint };
    });
}
