/**
 * A process of its own that views one camera again and again, and says what that has left behind:
 *
 *   node --expose-gc test/support/reconnecting.ts URL COUNT TRANSPORT
 *
 * Prints `{"resources": […], "heapBytes": N, "failures": N}` before the first viewing that counts and after the last.
 */
import { CameraHub } from '../../src/ingest/camera-hub.ts';
import { createSourceMemory, openSource } from '../../src/ingest/camera-source.ts';
import { SlabPool } from '../../src/media/slab-pool.ts';
import { RtmpInbox } from '../../src/rtmp/rtmp-inbox.ts';
import { systemClock } from '../../src/time/clock.ts';

/** Until code is compiled and caches are full. */
const WARM_UP = 300;

const [url = '', count = '0', transport = 'tcp'] = process.argv.slice(2);
const pool = new SlabPool({ slabBytes: 16_384, budgetBytes: 1 << 26 });
const hub = new CameraHub({
  pool,
  fragmentTicks: 180_000,
  sink: {
    recordedTicks: 0,
    blocked: undefined,
    fragment: ({ data }) => data.release(),
    runEnded: () => undefined,
    missing: () => undefined,
  },
});
const memory = createSourceMemory();
const tools = {
  readBuffer: Buffer.allocUnsafeSlow(65_536),
  rtmp: new RtmpInbox(),
  timeoutMillis: 5_000,
  udpPorts: undefined,
};
let failures = 0;

async function viewOnce(): Promise<void> {
  let ended: (() => void) | undefined;
  const source = openSource(
    {
      ...{ cameraNo: 1, audio: false },
      source: { kind: 'rtsp', url, policies: { transport: transport === 'udp' ? 'udp' : 'tcp' } },
    },
    tools,
    memory,
    hub,
    {
      onBytes: () => {
        hub.arrivalWall = systemClock.wall();
        hub.arrivalMono = systemClock.mono();
      },
      onEnd: () => ended?.(),
    },
  );
  if (await source.play()) {
    failures++;
  } else {
    source.tick(systemClock.mono());
    // Some are ended by the camera, the others by us.
    if (transport === 'cut') await new Promise<void>((resolve) => void (ended = resolve));
  }
  source.stop();
  hub.end('offline');
  await memory.rtsp.free;
}

async function report(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  for (let i = 0; i < 4; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo().toSorted();
  process.stdout.write(`${JSON.stringify({ resources, heapBytes: heapUsed + external, failures })}\n`);
}

// Opened with its first use: that is no leak.
process.stdout.write('');
for (let i = 0; i < WARM_UP; i++) await viewOnce();
await report();
for (let i = 0; i < Number(count); i++) await viewOnce();
await report();
process.exit(0);
