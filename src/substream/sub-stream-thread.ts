import type { MessagePort } from 'node:worker_threads';
import { createSourceMemory, openSource } from '../ingest/camera-source.ts';
import type { ReceivingCommand } from '../ingest/receiving-messages.ts';
import { ReceivingThread } from '../ingest/receiving-thread.ts';
import { SubStream } from './sub-stream.ts';
import { SubStreamSink } from './sub-stream-sink.ts';
import type { SubStreamReport, SubStreamSetup } from './thread-messages.ts';

/** A picture of a sub-stream has a few thousand bytes, and each stream keeps one slab. */
const SLAB_BYTES = 16 * 1024;

/** What runs in the thread of the sub-streams: from their sockets to the main thread, and nowhere near a recording. */
export function runSubStreamThread(port: MessagePort, setup: SubStreamSetup): void {
  const thread = new ReceivingThread(port, setup, SLAB_BYTES);
  const report = (message: SubStreamReport): void => port.postMessage(message);
  const streams = setup.streams.map(({ cameraNo, source, frames }, index) => {
    const sink = new SubStreamSink(thread.pool, thread.tap(cameraNo, frames));
    const memory = createSourceMemory();
    const order = { cameraNo, source, audio: false };
    const stream = new SubStream(
      {
        open: (listener) => openSource(order, thread.tools, memory, sink, listener),
        sink,
        clock: thread.clock,
        random: Math.random,
        onChange: (state, reason) => report({ kind: 'changed', cameraNo, state, reason }),
      },
      thread.firstConnect(index, setup.streams.length),
    );
    return { cameraNo, stream };
  });

  port.on('message', (command: ReceivingCommand) => {
    if (command.kind !== 'stop') {
      thread.obey(command);
      return;
    }
    thread.stop();
    for (const { stream } of streams) stream.stop();
    port.close();
  });
  thread.run(
    (now) => {
      for (const { stream } of streams) stream.tick(now);
    },
    (load) =>
      report({
        kind: 'status',
        streams: streams.map(({ cameraNo, stream }) => ({ cameraNo, status: stream.status() })),
        load,
      }),
  );
}
