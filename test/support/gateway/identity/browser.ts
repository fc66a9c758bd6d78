// A browser, as far as signing in needs one: cookies by host, redirects, what it says of itself.

import { type Answer, type Request, valuesOf, visit } from '../visit.ts';

export interface Page extends Answer {
  readonly url: URL;
  readonly code: number;
  readonly text: string;
}

const HTML = {
  Accept: 'text/html,application/xhtml+xml',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Site': 'none',
};
const MAX_REDIRECTS = 12;

export class Browser {
  readonly #ports: (host: string) => number;
  readonly #visit: typeof visit;
  /** By host. */
  readonly jars = new Map<string, Map<string, string>>();
  /** Where it was, one after the other. */
  readonly visited: URL[] = [];

  /**
   * @param ports of what listens under a name
   * @param send how requests go there
   */
  constructor(ports: (host: string) => number, send: typeof visit = visit) {
    this.#ports = ports;
    this.#visit = send;
  }

  /** A step: no redirect is followed. */
  async get(address: string | URL, headers: Request['headers'] = HTML): Promise<Page> {
    return this.send(address, { path: '', headers });
  }

  /** Follows redirects to the end, or until a page of `stopAt`. */
  async open(address: string | URL, { stopAt }: { readonly stopAt?: (url: URL) => boolean } = {}): Promise<Page> {
    let page = await this.get(address);
    for (let i = 0; i < MAX_REDIRECTS; i++) {
      const [location] = valuesOf(page, 'location');
      if (location === undefined) return page;
      const next = new URL(location, page.url);
      if (stopAt?.(next)) return { ...page, url: next };
      page = await this.get(next);
    }
    throw new Error(`too many redirects: ${this.visited.map(({ href }) => href).join(' ')}`);
  }

  async send(address: string | URL, request: Request): Promise<Page> {
    const url = new URL(address);
    this.visited.push(url);
    const { hostname: host } = url;
    const jar = this.jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...request.headers, ...(cookie !== '' && { Cookie: cookie }) };
    const port = Number(url.port) || this.#ports(host);
    const servername = url.protocol === 'https:' ? host : undefined;
    const answer = await this.#visit(
      port,
      url.host,
      { ...request, path: url.pathname + url.search, headers },
      servername,
    );
    for (const line of valuesOf(answer, 'set-cookie')) {
      const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0(?:;|$)|Expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else {
        // RFC 6265bis §4.1.3.2.
        if (
          name.startsWith('__Host-') &&
          !(/; Secure/.test(line) && /; Path=\//.test(line) && url.protocol === 'https:')
        )
          continue;
        jar.set(name, value);
      }
    }
    return { ...answer, url, code: Number(answer.status.split(' ')[1]), text: answer.body.toString('utf8') };
  }

  jarOf({ hostname }: Pick<URL, 'hostname'>): Map<string, string> {
    const jar = this.jars.get(hostname) ?? new Map<string, string>();
    this.jars.set(hostname, jar);
    return jar;
  }
}

export { HTML };
