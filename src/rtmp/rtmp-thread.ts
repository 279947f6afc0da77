import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../time/clock.ts';
import { ThreadMeter } from '../time/thread-load.ts';
import type { RefusalCause } from './problem.ts';
import type { RtmpCommand, RtmpReport, RtmpSetup } from './rtmp-messages.ts';
import { RtmpServer } from './rtmp-server.ts';

const COUNTS_MILLIS = 1_000;
/** Lines about single connections in that time: whoever knocks a thousand times a second is told of some. */
const MAX_REPORTS = 10;

/** What runs in the RTMP thread: the server, and what it tells the main thread. Whatever it does harms no recording. */
export async function runRtmpThread(port: MessagePort, setup: RtmpSetup): Promise<void> {
  const report = (message: RtmpReport): void => port.postMessage(message);
  const meter = new ThreadMeter();
  let refused: Partial<Record<RefusalCause, number>> = {};
  let reports = 0;
  const server = new RtmpServer({
    cameras: setup.cameras,
    clock: systemClock,
    observer: {
      refused({ cause, reason }, peer, cameraId) {
        refused[cause] = (refused[cause] ?? 0) + 1;
        if (reports++ < MAX_REPORTS) report({ kind: 'refused', cause, reason, peer, cameraId });
      },
      published(cameraId, peer) {
        if (reports++ < MAX_REPORTS) report({ kind: 'published', cameraId, peer });
      },
    },
  });

  const listening = await server.listen(setup.host, setup.port);
  if (typeof listening !== 'number') {
    report({ kind: 'cannot-listen', failure: listening });
    meter.stop();
    port.close();
    return;
  }
  report({ kind: 'listening', port: listening });

  const counts = setInterval(() => {
    report({
      kind: 'counts',
      refused,
      dropped: [...server.takeDropped()],
      load: meter.take(),
    });
    refused = {};
    reports = 0;
  }, COUNTS_MILLIS);
  port.on('message', (command: RtmpCommand) => {
    if (command.kind === 'recorder') {
      server.addRecorder(command.port);
      return;
    }
    clearInterval(counts);
    meter.stop();
    server.close();
    port.close();
  });
}
