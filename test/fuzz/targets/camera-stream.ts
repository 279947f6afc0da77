import { CameraHub } from '../../../src/ingest/camera-hub.ts';
import { InterleavedReader } from '../../../src/rtsp/interleaved-reader.ts';
import { ParameterSets } from '../../../src/media/parameter-sets.ts';
import { SlabPool } from '../../../src/media/slab-pool.ts';
import { VideoReceiver } from '../../../src/rtsp/video-receiver.ts';
import { monoMicros, wallMicros } from '../../../src/time/units.ts';
import { CheckingRecorder } from '../support/checking-recorder.ts';
import { type FuzzTarget, hold } from '../target.ts';

const START = 1_795_453_200_000_000;
const READ_BYTES = 700;
const READ_MICROS = 20_000;

/** All that lies between a playing camera's socket and the recorder. The first byte tells the codec. */
export const target: FuzzTarget = {
  name: 'camera-stream',
  maxBytes: 48 * 1024,
  cost: 3,
  tokens: [
    ...[
      '$\0',
      '$\x01',
      '$\0\0\x0c\x80\x60',
      '$\0\0\x14\x80\xe0',
      '$\x01\0\x1c\x80\xc8\0\x06',
      '$\x01\0\x08\x81\xcb\0\x01',
    ],
    ...['RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n', '\r\n\r\n', 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n'],
  ].map((token) => Buffer.from(token, 'latin1')),
  run(bytes) {
    const codec = (bytes[0] ?? 0) & 1 ? 'h265' : 'h264';
    const pool = new SlabPool({ slabBytes: 512, budgetBytes: 32 * 1024 });
    const recorder = new CheckingRecorder();
    const hub = new CameraHub({ pool, sink: recorder, fragmentTicks: 90_000 });
    hub.arrivalWall = wallMicros(START);
    hub.arrivalMono = monoMicros(0);
    hub.begin(new ParameterSets(codec));
    const receiver = new VideoReceiver({
      ...{ codec, sink: hub, payloadType: 96, clockRate: 90_000, channels: { rtp: 0, rtcp: 1 }, ssrc: 7 },
    });
    const reader = new InterleavedReader({
      streaming: true,
      frame: (channel, buffer, start, end) => receiver.frame(channel, buffer, start, end),
      message: () => undefined,
      expects: (channel) => receiver.expects(channel),
    });
    const shared = Buffer.alloc(READ_BYTES);
    for (let at = 1; at < bytes.length; at += READ_BYTES) {
      hub.arrivalMono = monoMicros(hub.arrivalMono + READ_MICROS);
      hub.arrivalWall = wallMicros(hub.arrivalWall + READ_MICROS);
      const length = bytes.copy(shared, 0, at, at + READ_BYTES);
      if (reader.read(shared, length) !== undefined) break;
      hold(pool.takenBytes <= pool.budgetBytes, 'the budget holds');
    }
    hold(receiver.receiverReport(hub.arrivalMono).length > 0, 'there is something to report');
    const clock = hub.senderClock.reading(hub.arrivalMono, hub.arrivalWall);
    hold(clock === null || Number.isSafeInteger(clock.offsetMicros), 'an offset is an integer');
    hub.end('offline');
    recorder.release();
    hold(!hub.running && pool.takenBytes === 0, `${pool.takenBytes} bytes of memory were not given back`);
  },
};
