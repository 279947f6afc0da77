import type { MessagePort } from 'node:worker_threads';
import { createSourceMemory, openSource } from '../ingest/camera-source.ts';
import { SlabPool } from '../media/slab-pool.ts';
import { RtmpInbox } from '../rtmp/rtmp-inbox.ts';
import { systemClock } from '../time/clock.ts';
import { ThreadMeter } from '../time/thread-load.ts';
import type { MonoMicros } from '../time/units.ts';
import { PictureTap } from '../watch/picture-tap.ts';
import { WatchOutbox } from '../watch/watch-outbox.ts';
import { SubStream } from './sub-stream.ts';
import { SubStreamSink } from './sub-stream-sink.ts';
import type { SubStreamCommand, SubStreamReport, SubStreamSetup } from './thread-messages.ts';

const READ_BUFFER_BYTES = 64 * 1024;
/** A picture of a sub-stream has a few thousand bytes, and each stream keeps one slab. */
const SLAB_BYTES = 16 * 1024;
/** For connecting and for each answer of a camera. */
const ANSWER_MILLIS = 10_000;
const TICK_MILLIS = 250;
const WATCH_MILLIS = 100;
const STATUS_MICROS = 1_000_000;
/** First connections are this far apart, and all within a few seconds; those of the recording go before. */
const START_STEP_MICROS = 25_000;
const LONGEST_START_MICROS = 5_000_000;

/** What runs in the thread of the sub-streams: from their sockets to the main thread, and nowhere near a recording. */
export function runSubStreamThread(port: MessagePort, setup: SubStreamSetup): void {
  const clock = systemClock;
  const report = (message: SubStreamReport): void => port.postMessage(message);
  const pool = new SlabPool({ slabBytes: SLAB_BYTES, budgetBytes: setup.bufferBytes });
  const outbox = new WatchOutbox({
    budgetBytes: setup.watchBytes,
    send: (watched, shed, transfer) =>
      port.postMessage({ kind: 'watch', report: watched, shed } satisfies SubStreamReport, transfer),
  });
  const tools = {
    readBuffer: Buffer.allocUnsafeSlow(READ_BUFFER_BYTES),
    // Nothing is ever pushed here.
    rtmp: new RtmpInbox(),
    timeoutMillis: ANSWER_MILLIS,
    udpPorts: setup.udpPorts,
  };
  const meter = new ThreadMeter();
  const began = clock.mono();
  const firstStream = clock.wall();
  const step = Math.min(START_STEP_MICROS, LONGEST_START_MICROS / Math.max(1, setup.streams.length));
  const streams = setup.streams.map(({ cameraNo, source, frames }, index) => {
    const tap = new PictureTap({ cameraNo, frames, outbox, firstStream });
    const sink = new SubStreamSink(pool, tap);
    const memory = createSourceMemory();
    const order = { cameraNo, source, audio: false };
    const stream = new SubStream(
      {
        open: (listener) => openSource(order, tools, memory, sink, listener),
        sink,
        clock,
        random: Math.random,
        onChange: (state, reason) => report({ kind: 'changed', cameraNo, state, reason }),
      },
      (began + index * step) as MonoMicros,
    );
    return { cameraNo, tap, stream };
  });
  const taps = new Map(streams.map(({ cameraNo, tap }) => [cameraNo, tap]));

  let statusAt = 0;
  const tick = (): void => {
    const now = clock.mono();
    for (const { stream } of streams) stream.tick(now);
    if (now < statusAt) return;
    statusAt = now + STATUS_MICROS;
    pool.trim();
    report({
      kind: 'status',
      streams: streams.map(({ cameraNo, stream }) => ({ cameraNo, status: stream.status() })),
      load: meter.take(),
    });
  };
  const ticker = setInterval(tick, TICK_MILLIS);
  const watcher = setInterval(() => outbox.flush(), WATCH_MILLIS);

  port.on('message', (command: SubStreamCommand) => {
    switch (command.kind) {
      case 'stop':
        clearInterval(ticker);
        clearInterval(watcher);
        for (const { stream } of streams) stream.stop();
        meter.stop();
        port.close();
        return;
      case 'watch-taken':
        outbox.taken();
        return;
      case 'seen':
        for (const { cameraNo, moving } of command.sightings) taps.get(cameraNo)?.seen(moving, clock.mono());
        return;
    }
  });
  tick();
}
