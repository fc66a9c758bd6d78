// What an operator should know about logins when the gateway starts.

import type { ServerEvent } from '../../runtime/events.ts';
import type { LoginConfig } from './login-config.ts';
import { PRESETS } from './preset.ts';

export function loginWarnings({
  apps,
}: {
  readonly apps: { readonly [name: string]: { readonly login?: LoginConfig | undefined } };
}): readonly ServerEvent[] {
  return Object.entries(apps).flatMap(([app, { login }]): ServerEvent[] => {
    const untried = (login?.presets ?? []).filter((name) => PRESETS.get(name)?.ranAgainst === null);
    return [
      ...untried.map(
        (preset): ServerEvent => ({
          event: 'login-preset-untried',
          app,
          preset,
          hint: 'Log in once with a right and once with a wrong password, and look at the events.',
        }),
      ),
      ...(login?.locations ?? [])
        .filter(({ success, failure }) => success === undefined && failure === undefined)
        .map(
          ({ name }): ServerEvent => ({
            event: 'login-outcome-guessed',
            app,
            login: name,
            hint: 'Write success or failure: what the application answers to a right and a wrong password.',
          }),
        ),
      ...(login?.header === 'before'
        ? [
            {
              event: 'login-header-before' as const,
              app,
              message:
                'the application learns of a leak before it compares the password, and wrong passwords are checked too',
              hint: 'Prefer header: after. Otherwise no answer of the application may depend on the header before the comparison.',
            },
          ]
        : []),
      ...(login?.unknownChecks === 0
        ? [
            {
              event: 'login-passes-unchecked' as const,
              app,
              message: 'logins that do not prove themselves pass without a check (unknownChecks: 0)',
              hint: 'Remove unknownChecks: 0, unless the application reports every login.',
            },
          ]
        : []),
      ...(login?.unreadable === 'pass'
        ? [
            {
              event: 'login-passes-unread' as const,
              app,
              message: 'logins that servers read in different ways reach the application, with what was read checked',
              hint: 'Remove unreadable: pass, and see in login-unreadable what is refused then.',
            },
          ]
        : []),
    ];
  });
}
