// The system's Firefox, headless, by its Marionette protocol: messages of JSON behind their length,
// each a command of WebDriver.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SCREENSHOTS } from './browser.ts';
import { freePort } from './free-port.ts';

const EXECUTABLES = ['/usr/bin/firefox-esr', '/usr/bin/firefox'];
/** WebDriver §6: how elements are written. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const WAIT_MS = 60_000;

type Reply = readonly [type: 1, id: number, error: { readonly message: string } | null, result: { value?: unknown }];

export class Firefox {
  readonly #socket: net.Socket;
  readonly #quit: () => Promise<void>;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #id = 0;
  #received: Buffer = Buffer.alloc(0);

  /** @throws Error if the machine has no Firefox: a test that needs one fails */
  static async start(): Promise<Firefox> {
    const executable = EXECUTABLES.find((file) => fs.existsSync(file));
    if (!executable) throw new Error('no Firefox: install one, in Debian with `apt-get install firefox-esr`');
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
    const port = await freePort();
    fs.writeFileSync(path.join(profile, 'user.js'), `user_pref("marionette.port", ${port});\n`);
    const args = ['--headless', '--marionette', '--no-remote', '--profile', profile, 'about:blank'];
    const child = spawn(executable, args, { stdio: 'ignore', env: { ...process.env, HOME: profile } });
    const ended = once(child, 'exit');
    const quit = async (): Promise<void> => {
      child.kill();
      await ended;
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    };
    const firefox = new Firefox(await connect(port), quit);
    await firefox.ask('WebDriver:NewSession', { strictFileInteractability: true });
    return firefox;
  }

  private constructor(socket: net.Socket, quit: () => Promise<void>) {
    this.#socket = socket;
    this.#quit = quit;
    socket.on('data', (bytes) => this.#read(bytes));
  }

  /** @throws Error that Firefox answers */
  async ask(command: string, parameters: object = {}): Promise<unknown> {
    const id = ++this.#id;
    const text = JSON.stringify([0, id, command, parameters]);
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(`${Buffer.byteLength(text)}:${text}`);
    const [, , error, result] = await reply;
    if (error) throw new Error(`${command}: ${error.message}`);
    return result !== null && 'value' in result ? result.value : result;
  }

  async goto(url: string): Promise<void> {
    await this.ask('WebDriver:Navigate', { url });
  }

  /** @param script the body of a function */
  evaluate(script: string): Promise<unknown> {
    return this.ask('WebDriver:ExecuteScript', { script, args: [] });
  }

  async click(selector: string): Promise<void> {
    await this.ask('WebDriver:ElementClick', { id: await this.#find(selector) });
  }

  async type(selector: string, text: string): Promise<void> {
    const id = await this.#find(selector);
    await this.ask('WebDriver:ElementClear', { id });
    await this.ask('WebDriver:ElementSendKeys', { id, text });
  }

  async screenshot(name: string): Promise<void> {
    const png = (await this.ask('WebDriver:TakeScreenshot', { full: true })) as string;
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    fs.writeFileSync(path.join(SCREENSHOTS, `${name}.png`), Buffer.from(png, 'base64'));
  }

  close(): Promise<void> {
    this.#socket.destroy();
    return this.#quit();
  }

  /** Once it is there and shown. */
  async #find(selector: string): Promise<string> {
    for (const end = Date.now() + WAIT_MS; ; await sleep(50)) {
      const shown = `const e = document.querySelector(${JSON.stringify(selector)}); return Boolean(e?.checkVisibility())`;
      if (await this.evaluate(shown)) break;
      if (Date.now() > end)
        throw new Error(`${selector} is not shown: ${await this.evaluate('return document.body.innerText')}`);
    }
    const found = await this.ask('WebDriver:FindElement', { using: 'css selector', value: selector });
    return (found as { readonly [ELEMENT]: string })[ELEMENT];
  }

  #read(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const colon = this.#received.indexOf(':');
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon));
      if (colon < 0 || this.#received.length < end) return;
      const message: unknown = JSON.parse(this.#received.toString('utf8', colon + 1, end));
      this.#received = this.#received.subarray(end);
      // The first one says who answers.
      if (!Array.isArray(message)) continue;
      const reply = message as unknown as Reply;
      this.#waiting.get(reply[1])?.(reply);
      this.#waiting.delete(reply[1]);
    }
  }
}

async function connect(port: number): Promise<net.Socket> {
  for (const end = Date.now() + WAIT_MS; ; await sleep(100)) {
    const socket = net.connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      if (Date.now() > end) throw error;
    }
  }
}
