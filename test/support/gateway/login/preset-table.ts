// The table of docs/gateway-presets.md, made from the files.

import type { PresetFile } from './presets.ts';

type Places = string | readonly string[];

/** `http.request.body.form["user[name]"][0]` is `user[name]`. */
function shown(places: Places = []): string {
  if (places.length === 0) return 'none';
  const names = [places].flat().map((place) => {
    const [, name] = /\["(.+)"\]\[0\]$/.exec(place) ?? [];
    return name ?? place.replace(/^credveil\./, '');
  });
  const [first, ...others] = [...new Set(names)];
  return others.length > 1 ? `\`${first}\` …` : [first, ...others].map((name) => `\`${name}\``).join(', ');
}

export function presetTable(presets: Iterable<PresetFile>): string {
  const rows = [...presets].map(
    ({ name, title, version, ranAgainst, logins }) =>
      `| \`${name}\` | ${title} | ${version} | ${ranAgainst ?? 'no'} | ${logins
        .map((login) => `${login.name}: ${shown(login.username)} · ${shown(login.password)}`)
        .join('<br>')} |`,
  );
  return [
    '| preset | application | read from | ran against | logins: username · password |',
    '|---|---|---|---|---|',
    ...rows,
  ]
    .map((row) => `${row}\n`)
    .join('');
}
