// What an operator should know about policies when the gateway starts.

import type { ServerEvent } from '../../../runtime/events.ts';
import type { AccessConfig } from './access-schema.ts';

/** Presets of applications that take their page from the query, and where they take it from. */
const FROM_QUERY: { readonly [preset: string]: string } = {
  wordpress: 'rest_route',
  woocommerce: 'rest_route',
  joomla: 'option',
  drupal: 'q',
  mediawiki: 'title',
  dokuwiki: 'id',
  phpmyadmin: 'route',
  roundcube: '_task',
};

interface Apps {
  readonly [name: string]: {
    readonly access?: AccessConfig | undefined;
    readonly login?: { readonly presets: readonly string[] } | undefined;
  };
}

export const accessWarnings = ({ apps }: { readonly apps: Apps }): ServerEvent[] =>
  Object.entries(apps).flatMap(([name, { access, login }]): ServerEvent[] => {
    const preset = login?.presets.find((each) => Object.hasOwn(FROM_QUERY, each));
    const partial = access?.policies.find(({ paths }) => paths.some((path) => path !== '/'));
    if (preset === undefined || !partial) return [];
    return [
      {
        event: 'config-warning',
        code: 'ACCESS_PATH_PARTIAL',
        message: `the policy ${partial.name} of apps.${name} has paths, and this application (${preset}) also takes its page from ${FROM_QUERY[preset]} of the query, at any path`,
        hint: 'Give it policies for all of it, or block the rest with rules on http.request.uri.query.',
      },
    ];
  });
