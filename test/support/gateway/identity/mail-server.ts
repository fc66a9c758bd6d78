// A mail server that takes every mail, as far as SMTP needs one: RFC 5321.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface MailServer {
  readonly url: string;
  readonly mails: { readonly to: string; readonly text: string }[];
  /** Refuses recipients from now on. */
  refuses: boolean;
}

export async function startMailServer(): Promise<MailServer> {
  const server = net.createServer((socket) => {
    let isData = false;
    let text = '';
    let to = '';
    let rest = '';
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 mail.example');
    socket.setEncoding('utf8').on('error', () => undefined);
    socket.on('data', (piece: string) => {
      const lines = (rest + piece).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isData && line !== '.') text += `${line}\n`;
        else if (isData) {
          isData = false;
          mail.mails.push({ to, text });
          text = '';
          say('250 kept');
        } else if (line === 'DATA') {
          isData = true;
          say('354 go on');
        } else if (/^RCPT/.test(line)) {
          [, to = ''] = /<([^>]*)>/.exec(line) ?? [];
          say(mail.refuses ? '550 no' : '250 yes');
        } else say(line === 'QUIT' ? '221 bye' : '250 yes');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const mail: MailServer = {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails: [],
    refuses: false,
  };
  return mail;
}
