// What is known of an application: where it takes credentials, and how it answers. Presets are data
// files that an operator could write too: docs/gateway-logins.md describes their keys.

import fs from 'node:fs';
import type { z } from 'zod';
import type { PRESET_SCHEMA } from './preset-schema.ts';

/** As it stands in its file. */
export type Preset = z.input<typeof PRESET_SCHEMA>;

const DIRECTORY = new URL('./presets/', import.meta.url);

/** By name, in the order of their names. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map(
  fs
    .readdirSync(DIRECTORY)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(fs.readFileSync(new URL(name, DIRECTORY), 'utf8')) as Preset)
    .map((preset) => [preset.name, preset]),
);
