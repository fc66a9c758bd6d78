// `credveil gateway` as an operator runs it: start, reload, mistakes, stop.

import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { credveil, type Running } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { echo, echoOf, exchange, startOrigin } from '../../support/gateway/gateway.ts';

const HOST = 'Host: app.example\r\n';

const fileOf = (text: string): string => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  onTestFinished(() => fs.rmSync(home, { recursive: true, force: true }));
  const file = path.join(home, 'gateway.yaml');
  fs.writeFileSync(file, text);
  return file;
};

const until = async (happened: () => boolean): Promise<void> => {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 20));
};

/** Starts the command, and ends it with the test. @returns its process and port */
async function start(file: string): Promise<{ readonly running: Running; readonly port: number }> {
  const { running, ports, stop } = await startGatewayCommand(file);
  onTestFinished(stop);
  return { running, port: ports[0] as number };
}

describe('credveil gateway', () => {
  test.each([0, 2])('with %d workers serves, applies a new file under load, and stops', async (workers) => {
    const [first, second] = [await startOrigin(echo), await startOrigin((_, response) => response.end('"second"'))];
    const config = (url: string) =>
      `listen: 127.0.0.1:0\nworkers: ${workers}\napps:\n  app.example: { to: "${url}" }\n`;
    const file = fileOf(config(first.url));
    const { running, port } = await start(file);
    expect(echoOf(await exchange(port, `GET /x HTTP/1.1\r\n${HOST}\r\n`)).url).toBe('/x');

    let isDone = false;
    const statuses = new Set<number>();
    const load = (async () => {
      while (!isDone) statuses.add((await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status);
    })();
    fs.writeFileSync(file, config(second.url));
    running.child.kill('SIGHUP');
    await until(() => running.written.stderr.includes('config-reloaded'));
    expect(running.written.stderr).toContain('"changed":["apps.app.example.to"],"needRestart":[]');
    // Workers apply it one after the other.
    for (let answers = 0; answers < 20; ) {
      const { body } = await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
      answers = body.includes('second') ? answers + 1 : 0;
    }
    isDone = true;
    await load;
    expect([...statuses]).toEqual([200]);

    fs.writeFileSync(file, `${config(second.url)}nonsense: 1\nother: 1\n`);
    running.child.kill('SIGHUP');
    await until(() => running.written.stderr.includes('config-refused'));
    expect(running.written.stderr).toMatch(
      /gateway.yaml:5:1: nonsense is not a known key.*\(and 1 more: .* --check shows it\)/,
    );
    expect((await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(200);

    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  test('names every mistake of a file with its line, and exits', async () => {
    const file = fileOf('listen: here\napps:\n  app.example:\n    pathh: refuse\n');
    for (const more of [[], ['--check']]) {
      const { code, stdout, stderr } = await credveil(['gateway', '--config', file, ...more]);
      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain(`${file}:1:9: listen must be HOST:PORT`);
      expect(stderr).toContain(`${file}:4:5: apps.app.example.pathh is not a known key\n  Did you mean "path"?`);
    }
    const { stdout } = await credveil(['gateway', '--config', file, '--check', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      faults: [{ line: 1 }, { line: 4 }, { key: 'apps.app.example.to' }],
    });
  });

  test('checks a file that is right, and the files that it names', async () => {
    const app = 'apps: { app.example: { to: "http://127.0.0.1:1" } }\n';
    const right = await credveil(['gateway', '--config', fileOf(`listen: ":0"\n${app}`), '--check']);
    expect(right).toMatchObject({ code: 0, stdout: expect.stringContaining('1 application, no mistakes') });
    const tls = 'tls: { certFile: none.pem, keyFile: none.key }\n';
    const wrong = await credveil(['gateway', '--config', fileOf(`listen: ":0"\n${app}${tls}`), '--check']);
    expect(wrong).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/TLS_FILE_UNREADABLE.*none\.pem does not exist/),
    });
  });

  test('says that its port is taken', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await until(() => taken.listening);
    const { port } = taken.address() as AddressInfo;
    const file = fileOf(`listen: 127.0.0.1:${port}\napps: { "*": { to: "http://127.0.0.1:1" } }\n`);
    const { code, stderr } = await credveil(['gateway', '--config', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error ADDRESS_IN_USE: 127.0.0.1 port ${port} is in use`);
    expect(stderr).toContain('or set listen to another port.');
    const asking = fileOf(`forwardAuth: { listen: "127.0.0.1:${port}", proxy: nginx }\napps: { "*": {} }\n`);
    const { stderr: other } = await credveil(['gateway', '--config', asking]);
    expect(other).toContain('or set forwardAuth.listen to another port.');
  });

  test('says that there is no such file', async () => {
    const { code, stderr } = await credveil(['gateway', '--config', 'nowhere.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('error CONFIG_UNREADABLE: nowhere.yaml does not exist');
    const folder = path.dirname(fileOf(''));
    const { stderr: other } = await credveil(['gateway', '--config', folder]);
    expect(other).toContain(`error CONFIG_UNREADABLE: ${folder} is a directory`);
  });

  test('is alone in its stateDirectory, until it ends, however that is', async () => {
    const lists = 'lists: { bad: { observed: { ttl: 1d } } }\n';
    const text = 'listen: 127.0.0.1:0\nworkers: 0\nadmin: off\napps: { "*": { to: "http://127.0.0.1:1" } }\n';
    const file = fileOf(text + lists);
    const { running } = await start(file);
    const second = await credveil(['gateway', '--config', file]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(
      /error STATE_BUSY: .*belongs to another gateway that runs\n.*stateDirectory of its own/,
    );
    // One that comes to keep something with a reload is refused as well.
    const other = path.join(path.dirname(file), 'other.yaml');
    const there = `stateDirectory: gateway.state\n`;
    fs.writeFileSync(other, text + there);
    const third = await start(other);
    fs.writeFileSync(other, text + there + lists);
    third.running.child.kill('SIGHUP');
    await until(() => third.running.written.stderr.includes('config-refused'));
    expect(third.running.written.stderr).toContain('"code":"STATE_BUSY"');
    running.child.kill('SIGKILL');
    await running.ended;
    third.running.child.kill('SIGHUP');
    await until(() => third.running.written.stderr.includes('config-reloaded'));
  });

  test('that refuses a file keeps its lists as they are', async () => {
    const text = 'listen: 127.0.0.1:0\nworkers: 0\napps: { "*": { to: "http://127.0.0.1:1" } }\n';
    const file = fileOf(`${text}lists: { bad: { file: bad.txt } }\n`);
    fs.writeFileSync(path.join(path.dirname(file), 'bad.txt'), '192.0.2.1\n');
    const { running } = await start(file);
    const tls = 'tls: { certFile: none.pem, keyFile: none.key }\n';
    fs.writeFileSync(file, `${text}lists: { other: { file: bad.txt } }\n${tls}`);
    running.child.kill('SIGHUP');
    await until(() => running.written.stderr.includes('config-refused'));
    const { stdout } = await credveil(['gateway', 'lists', '--config', file, '--json']);
    expect(stdout).toContain('"bad"');
    expect(stdout).not.toContain('"other"');
  });
});
