// Fields that frameworks read from the path of a request: `/login/user/alice` (Zend, Yii),
// `/login/user:alice` (CakePHP) and parameters of a segment, `/login;user=alice` (JAX-RS).

import type { Field } from './fields.ts';
import { readForm } from './form.ts';

/** More segments than fit into a target. */
const MAX_SEGMENTS = 10_000;
/** What nginx and others decode before the application takes the path apart, once or twice. */
const SEPARATOR = /%(?:25){0,2}(2e|2f|5c|3b|3d|3a|3f|26)/gi;

/** @param path as it stands in the target, without its query */
export function readPath(path: string): readonly Field[] {
  const decoded = path.replace(SEPARATOR, (_, code: string) => separatorOf(Number.parseInt(code, 16)));
  return [...new Set([path, decoded, withoutDots(decoded)])].flatMap(fieldsOf);
}

/** As RFC 3986 §5.2.4 has it, without empty segments. */
function withoutDots(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/', MAX_SEGMENTS)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.' && segment !== '') segments.push(segment);
  }
  return segments.join('/');
}

/** A backslash is a slash to some, and what follows a question mark are fields. */
const separatorOf = (code: number): string => (code === 0x5c ? '/' : code === 0x3f ? '&' : String.fromCharCode(code));

function fieldsOf(path: string): readonly Field[] {
  const segments = path.split('/', MAX_SEGMENTS).filter((segment) => segment !== '');
  const turns = segments.slice(1).map((value, i) => `${segments[i]}=${value}`);
  const pairs = segments.flatMap((segment) => segment.split(/[;&]/)).map((piece) => piece.replace(/[:=]/, '='));
  return readForm([...turns, ...pairs.filter((pair) => pair.includes('='))].join('&')).fields;
}
