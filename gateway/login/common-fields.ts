// Names of fields in common use for a name or a password, as the preset `generic` has them.

import { PRESETS } from './preset.ts';
import { type FieldReference, parseReference } from './reference.ts';

const ofGeneric = (part: 'username' | 'password'): readonly FieldReference[] =>
  (PRESETS.get('generic')?.logins ?? []).flatMap((login) => login[part] ?? []).map(parseReference);

export const COMMON_NAMES = ofGeneric('username');
export const COMMON_PASSWORDS = ofGeneric('password');

/** As they stand in a form. */
export const namesInForm = (references: readonly FieldReference[]): readonly string[] =>
  references.flatMap((reference) => (reference.place === 'body' ? reference.path.join('') : []));
