// Where the events of a service go: to its log, and as alarms to its sinks.

import type { OnEvent } from '../../runtime/events.ts';
import { createLog, type LogLevel } from '../../runtime/observe/log.ts';

export interface ServiceEvents {
  readonly onEvent: OnEvent;
  close(): Promise<void>;
}

export interface AlarmOptions {
  readonly logLevel: LogLevel;
  /** Sinks, as an operator names them. */
  readonly notify: readonly string[];
  readonly outboxFile: string | undefined;
  /** Id of a group that may also read secrets of sinks. */
  readonly group?: number | undefined;
}

/** @throws NotifyError if a sink or the outbox cannot be used: the service does not start then */
export async function openEvents({ logLevel, notify, outboxFile, group }: AlarmOptions): Promise<ServiceEvents> {
  const log = createLog(logLevel).event;
  if (notify.length === 0 || outboxFile === undefined) return { onEvent: log, close: async () => {} };
  // Most services have no sinks.
  const { openSinks } = await import('../../notify/setup/open-sinks.ts');
  const { Outbox } = await import('../../notify/outbox.ts');
  const { startAlarms } = await import('../../notify/alarms.ts');
  const sinks = await openSinks(notify, group === undefined ? {} : { group });
  const alarms = startAlarms(Outbox.open(outboxFile), sinks, log);
  return {
    onEvent: (event) => {
      log(event);
      alarms.take(event);
    },
    close: () => alarms.close(),
  };
}
