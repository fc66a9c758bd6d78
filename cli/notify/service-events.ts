// Where the events of a service go: to its log, and as alarms to the sinks of the setting `notify`.

import type { OnEvent } from '../../runtime/events.ts';
import { createLog } from '../../runtime/observe/log.ts';
import type { Settings } from '../../server/config/settings.ts';
import { outboxFor } from './notifier.ts';

export interface ServiceEvents {
  readonly onEvent: OnEvent;
  close(): Promise<void>;
}

/** @throws NotifyError if a sink or the outbox cannot be used: the service does not start then */
export async function openEvents(settings: Settings): Promise<ServiceEvents> {
  const log = createLog(settings.logLevel).event;
  const {
    notify,
    dataset,
    keyFileGroup,
    outboxFile = dataset === undefined ? undefined : outboxFor(dataset),
  } = settings;
  if (notify.length === 0 || outboxFile === undefined) return { onEvent: log, close: async () => {} };
  // Most services have no sinks.
  const { openSinks } = await import('../../notify/setup/open-sinks.ts');
  const { Outbox } = await import('../../notify/outbox.ts');
  const { startAlarms } = await import('../../server/observe/alarms.ts');
  const sinks = await openSinks(notify, keyFileGroup === 'none' ? {} : { group: keyFileGroup });
  const alarms = startAlarms(Outbox.open(outboxFile), sinks, log);
  return {
    onEvent: (event) => {
      log(event);
      alarms.take(event);
    },
    close: () => alarms.close(),
  };
}
