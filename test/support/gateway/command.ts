// `credveil gateway` as an operator starts it.

import { type Running, startCredveil } from '../credveil.ts';

export interface GatewayCommand {
  readonly running: Running;
  /** Where it listens, in the order of the configuration. */
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

const LISTENING = /listening on https?:\/\/127\.0\.0\.1:(\d+)\n/g;

/** @throws if the command ends first */
export async function startGatewayCommand(file: string): Promise<GatewayCommand> {
  const running = startCredveil(['gateway', '--config', file]);
  while (!/listening on .*:\d+\n/.test(running.written.stdout)) {
    if (running.child.exitCode !== null) throw new Error(`the gateway did not start\n${running.written.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const ports = [...running.written.stdout.matchAll(LISTENING)].map(([, port]) => Number(port));
  const stop = async (): Promise<void> => {
    running.child.kill('SIGTERM');
    await running.ended;
  };
  return { running, ports, stop };
}
