import { readTimeline } from '../../src/playback/timeline.ts';
import { planClip } from '../../src/playback/clip/plan.ts';
import { selectClip } from '../../src/playback/clip/select.ts';
import { wallMicros } from '../../src/time/units.ts';
import { createRecording } from '../../test/support/recording.ts';
import type { EncodedVideo } from '../../test/support/video.ts';
import type { Case } from './harness.ts';
import { FRAME_TICKS, PICTURES, realConfig } from './material.ts';

const START = wallMicros(1_795_525_200_000_000);
const MINUTE = 60_000_000;
const RUNS = 300;
const SEGMENTS = 10;
const SAMPLE_BYTES = 40;

/** Small samples: what is measured is the index and not the disk. */
async function smallVideo(): Promise<EncodedVideo> {
  const frames = Array.from({ length: PICTURES }, (_, i) => ({
    ...{ data: Buffer.alloc(SAMPLE_BYTES, i), key: i === 0, ticks: i * FRAME_TICKS },
  }));
  return { config: await realConfig(), frames, ticksPerFrame: FRAME_TICKS };
}

export const queryTimeline: Case = {
  name: 'timeline',
  does: 'the timeline of five hours with 300 recordings and 300 gaps is read',
  reference: 'compute',
  async prepare() {
    const recording = await createRecording('micro');
    const { catalog, camera } = recording;
    const { cameraNo } = camera;
    const video = await smallVideo();
    for (let i = 0; i < RUNS; i++) {
      const start = wallMicros(START + i * MINUTE);
      const [view] = await recording.run(video, { start, framesPerSegment: [PICTURES] });
      const end = view?.end ?? start;
      await catalog.apply([
        { kind: 'gap-opened', cameraNo, from: end, cause: 'offline' },
        { kind: 'gap-closed', cameraNo, to: wallMicros(start + MINUTE) },
      ]);
    }
    const to = wallMicros(START + RUNS * MINUTE);
    return {
      async run() {
        const { recorded, gaps } = await readTimeline(recording, camera, START, to, 1);
        if (recorded.length !== RUNS || gaps.length !== RUNS) throw new Error('Something is missing.');
      },
      close: () => recording.close(),
    };
  },
};

export const buildClip: Case = {
  name: 'clip',
  does: 'a clip of ten minutes, 15000 samples, is planned',
  reference: 'compute',
  async prepare() {
    const recording = await createRecording('micro');
    const { camera, segments } = recording;
    const perSegment = 30 * PICTURES;
    const video = await smallVideo();
    const views = await recording.run(video, {
      start: START,
      framesPerSegment: Array.from({ length: SEGMENTS }, () => perSegment),
    });
    const to = views.at(-1)?.end ?? START;
    return {
      async run() {
        const from = wallMicros(START + 1_000_000);
        const selection = selectClip(await segments.between(camera, from, to), from, to);
        const plan = selection && (await planClip(recording, camera, selection));
        if (plan?.samples !== SEGMENTS * perSegment) throw new Error('Samples are missing.');
      },
      close: () => recording.close(),
    };
  },
};
