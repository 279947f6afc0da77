import type { ServerResponse } from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';
import type { ChangedEvent, MotionCatalog } from '../catalog/motion.ts';

/** Events that are read at once: all that a listener ever costs in memory, and what its socket holds. */
const PAGE = 200;
/** Proxies and listeners take a stream that is silent for long for a dead one. */
const HEARTBEAT_MILLIS = 15_000;
/** A listener that takes nothing for so long is cut: it comes back with the last id that it had. */
const STALL_MILLIS = 30_000;
const RECONNECT_MILLIS = 2_000;

export interface EventStreamOptions {
  readonly catalog: Pick<MotionCatalog, 'changesAfter'>;
  /** Calls when something has changed; returns what ends that. */
  readonly onChange: (listener: () => void) => () => void;
  /** Only what changed behind this place is told. */
  readonly after: number;
  /** The event as it is told; `undefined`: it is not. */
  readonly told: (event: ChangedEvent) => object | undefined;
  readonly heartbeatMillis?: number;
  readonly stallMillis?: number;
}

/** `gone`: the listener went away. `stalled`: it took nothing for too long, and was cut. */
export type EventStreamOutcome = 'gone' | 'stalled';

/**
 * Server-sent events (HTML standard, section 9.2). There is no queue for a listener: each is told from the catalog what
 * lies behind the last place it was told of, so one that was away, or is slow, costs no more than any other, and
 * nobody is told of anything that a crash could take back. Resolves when the listener is gone.
 *
 * @throws what the catalog throws
 */
export async function streamEvents(
  raw: ServerResponse,
  options: EventStreamOptions,
): Promise<EventStreamOutcome> {
  const { catalog, told, heartbeatMillis = HEARTBEAT_MILLIS, stallMillis = STALL_MILLIS } = options;
  let place = options.after;
  let changed = true;
  const signal = openSignal();
  const unsubscribe = options.onChange(() => {
    changed = true;
    signal.raise();
  });
  raw.on('close', signal.raise);
  raw.on('drain', signal.raise);
  // A block with nothing but an id is no event, and where a listener that is cut off goes on from.
  const mark = (): string => `id: ${place}\n\n`;
  let text = `retry: ${RECONNECT_MILLIS}\n${mark()}`;
  try {
    while (!raw.destroyed) {
      if (text !== '' && !raw.write(text)) {
        const begun = performance.now();
        while (raw.writableNeedDrain && !raw.destroyed) {
          const left = stallMillis - (performance.now() - begun);
          if (left <= 0) return 'stalled';
          await signal.wait(left);
        }
      }
      text = '';
      if (!changed) {
        await signal.wait(heartbeatMillis);
        if (!changed) text = mark();
        continue;
      }
      changed = false;
      const page = await catalog.changesAfter(place, PAGE);
      for (const event of page) {
        place = event.changed;
        const json = told(event);
        if (json) text += `id: ${place}\ndata: ${JSON.stringify(json)}\n\n`;
      }
      if (page.length === PAGE) {
        changed = true;
        // Who was away for a day must not keep everybody else waiting.
        await breathe();
      }
    }
    return 'gone';
  } finally {
    unsubscribe();
    raw.destroy();
  }
}

/** Wakes the one who waits; raised while nobody does, it is not remembered. */
function openSignal(): { readonly raise: () => void; readonly wait: (millis: number) => Promise<void> } {
  let wake: (() => void) | undefined;
  return {
    raise: () => wake?.(),
    wait: (millis) =>
      new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(end, millis);
        wake = end;
      }),
  };
}
