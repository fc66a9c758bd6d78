// A connection that sends whole requests one after another and finds the end of each response
// cheaply.

import net from 'node:net';

const RECEIVE_BYTES = 65_536;
/** Maximum length of a response head. A head arrives in one piece. */
const HEAD_BYTES = 1024;
const HEAD = /^HTTP\/1\.1 200 .*?\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n/is;

/**
 * @param onReady called when the socket is free: once connected, then after each response
 * @throws (as an uncaught exception) if a response is not a 200
 */
export function openConnection(port: number, onReady: (socket: net.Socket, isFirst: boolean) => void): net.Socket {
  let left = 0;
  const callback = (length: number, bytes: Uint8Array): boolean => {
    if (left === 0) {
      const head = HEAD.exec(
        Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, HEAD_BYTES)).toString('latin1'),
      );
      if (!head) throw new Error('a response is not a 200');
      left = head[0].length + Number(head[1]);
    }
    left -= length;
    if (left === 0) onReady(socket, false);
    return true;
  };
  const onread = { buffer: Buffer.alloc(RECEIVE_BYTES), callback };
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => onReady(socket, true));
  return socket;
}
