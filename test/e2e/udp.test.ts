import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFrames } from '../../bench/recorded-frames.ts';
import { loadClip } from '../../src/simulator/clip.ts';
import { ensureClip } from '../../src/simulator/ensure-clip.ts';
import { type Simulator, startSimulator } from '../../src/simulator/rtsp-server.ts';
import { CLIP_CACHE, smallClip } from '../support/cameras.ts';
import { seededRandom } from '../support/random.ts';
import { recordedFrames } from '../support/recorded.ts';
import { startUdpRelay, type UdpRelay } from '../support/udp-relay.ts';
import { type RunningVigie, segmentsOf, startVigie, temporaryFolder, until } from '../support/vigie.ts';

const FRAMES = 300;
const PATHS = ['clean', 'shuffled', 'lossy'] as const;

const framesIn = (metrics: string, id: string): number =>
  Number(new RegExp(`^vigie_ingest_frames_total\\{camera="${id}"\\} (\\d+)`, 'm').exec(metrics)?.[1]);

/** What comes by UDP, over good and bad networks, as a user would record it. */
describe('cameras that send by UDP', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let simulator: Simulator;
  let shuffling: UdpRelay;
  let losing: UdpRelay;
  let vigie: RunningVigie;
  let segments: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const clip = loadClip(await ensureClip(smallClip(), CLIP_CACHE), true);
    // Key frames of few packets, so that some of them come whole.
    const tiny = smallClip({ width: 160, height: 96, bitrateBps: 100_000 });
    const small = loadClip(await ensureClip(tiny, CLIP_CACHE), true);
    simulator = await startSimulator({
      cameras: PATHS.map((path) => ({ path, clip: path === 'lossy' ? small : clip })),
    });
    shuffling = await startUdpRelay(simulator.port, seededRandom(1));
    Object.assign(shuffling, { reordered: 0.2, doubled: 0.1 });
    losing = await startUdpRelay(simulator.port, seededRandom(2));
    Object.assign(losing, { loss: 0.2, reordered: 0.2, doubled: 0.05 });
    const at = (port: number, id: string) => ({
      id,
      source: `rtsp://127.0.0.1:${port}/${id}`,
      transport: 'udp',
    });
    const options = {
      folder: folder.path,
      cameras: [at(simulator.port, 'clean'), at(shuffling.port, 'shuffled'), at(losing.port, 'lossy')],
    };
    segments = segmentsOf(options);
    vigie = await startVigie(options);
    await until(
      'enough is sent of each',
      () =>
        PATHS.every((id) =>
          simulator.stats().some(({ path, framesSent }) => path === id && framesSent >= FRAMES),
        ),
      60,
    );
  }, 90_000);

  afterAll(async () => {
    await vigie?.stop();
    await shuffling?.close();
    await losing?.close();
    await simulator?.stop();
    await folder?.remove();
  });

  it('are all recording, with a fifth of the packets lost on the way, too', async () => {
    for (const id of PATHS) expect((await vigie.status(id)).state).toBe('recording');
    expect(simulator.stats()).toHaveLength(PATHS.length);
  });

  it('lost packets and damaged pictures are counted, and nothing is where nothing was', async () => {
    const lossy = await vigie.status('lossy');
    // The relay knows what it did not pass on; what is on its way now is not counted yet.
    expect(lossy.packetsLost).toBeGreaterThan(losing.lost * 0.9 - 50);
    expect(lossy.packetsLost).toBeLessThan(losing.lost * 1.1 + 50);
    expect(lossy.framesDamaged).toBeGreaterThan(10);
    for (const id of ['clean', 'shuffled']) {
      expect(await vigie.status(id)).toMatchObject({ packetsLost: 0, framesDamaged: 0 });
    }
  });

  it('every picture that came whole is on disk once and in order', async () => {
    simulator.pause();
    const sent = simulator.stats();
    for (const id of ['clean', 'shuffled']) {
      const { framesSent = 0 } = sent.find(({ path }) => path === id) ?? {};
      await until(`all of ${id} has come`, async () => framesIn(await vigie.metrics(), id) >= framesSent, 30);
    }
    expect(await vigie.stop()).toBe(0);
    for (const id of PATHS) {
      const session = sent.find(({ path }) => path === id);
      const frames = await recordedFrames(segments, id, id === 'lossy' ? 'skipped' : 'refused');
      const check = checkFrames(frames, session?.session ?? -1, session?.framesSent ?? 0);
      expect(check).toMatchObject({ doubled: 0, outOfOrder: 0 });
      if (id === 'lossy') {
        expect(check.found).toBeGreaterThan(FRAMES / 4);
        expect(check.missing).toBeGreaterThan(0);
      } else {
        expect(check.missing).toBe(0);
      }
    }
    expect(vigie.output()).not.toMatch(/a defect|TypeError|unhandled/i);
  });
});
