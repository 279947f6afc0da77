import { copyFile, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openSqliteCatalog } from '../../src/catalog/sqlite/open.ts';
import { recover } from '../../src/record/recovery.ts';
import { repairSegmentFile } from '../../src/record/segment-recovery.ts';
import { formatIso } from '../../src/time/iso.ts';
import { monoMicros, type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi } from '../support/api.ts';
import { describeWith } from '../support/components.ts';
import { flashesAndBeeps, probe } from '../support/sound.ts';
import { recordSound, type SoundRecording } from '../support/sound-peer.ts';

/** What is sent, what a file must say of it, and how long its frames are, one of which an encoder adds in front. */
const KINDS = [
  { name: 'AAC', sound: ['-c:a', 'aac'], rate: 16_000, codec: 'aac', packet: 0.064 },
  { name: 'LATM', sound: ['-c:a', 'aac', '-rtpflags', 'latm'], rate: 44_100, codec: 'aac', packet: 0.024 },
  { name: 'G.711 A', sound: ['-c:a', 'pcm_alaw', '-ac', '1'], rate: 8_000, codec: 'pcm_alaw', packet: 0.128 },
  {
    name: 'G.711 µ',
    sound: ['-c:a', 'pcm_mulaw', '-ac', '1'],
    rate: 16_000,
    codec: 'pcm_mulaw',
    packet: 0.064,
  },
  { name: 'L16', sound: ['-c:a', 'pcm_s16be', '-ac', '2'], rate: 16_000, codec: 'pcm_s16be', packet: 0.064 },
  { name: 'Opus', sound: ['-c:a', 'libopus', '-ac', '1'], rate: 48_000, codec: 'opus', packet: 0.02 },
] as const;
type Name = (typeof KINDS)[number]['name'];
/** A picture, and the 10 ms to which a beep is found. */
const SYNC = 0.05;
// Many decoders are started one after the other.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

describeWith(['ffmpeg', 'ffprobe'], 'a camera with sound', () => {
  const recordings = new Map<Name, SoundRecording>();
  const recorded = (name: Name): SoundRecording => recordings.get(name) as SoundRecording;

  beforeAll(async () => {
    await Promise.all(
      KINDS.map(async ({ name, sound, rate }) => {
        const options = { sound, sampleRate: rate, seconds: 9, segmentMicros: 4_000_000 };
        recordings.set(name, await recordSound(options));
      }),
    );
  });

  afterAll(async () => {
    for (const recording of recordings.values()) await recording.close();
  });

  it.each(KINDS)('is recorded as $name, file after file without a hole, and in time', async (kind) => {
    const files = await recorded(kind.name).files();
    expect(files.length).toBeGreaterThan(1);
    let video = -1;
    let sound = -1;
    for (const [i, file] of files.entries()) {
      const probed = await probe(file);
      expect(probed.sound).toMatchObject({ codec: kind.codec, sampleRate: kind.rate });
      expect(probed.video?.codec).toBe('h264');
      if (!probed.video || !probed.sound) continue;
      if (video >= 0) {
        expect(probed.video.start).toBeCloseTo(video, 3);
        // A file begins with the first whole frame: it is at most one later than the video.
        expect(Math.abs(probed.sound.start - sound)).toBeLessThan(0.001);
      }
      video = probed.video.end;
      sound = probed.sound.end;
      if (i < files.length - 1) expect(Math.abs(video - sound)).toBeLessThan(kind.packet + 0.07);

      const { flashes, beeps } = await flashesAndBeeps(file);
      expect(flashes.length).toBeGreaterThan(0);
      for (const beep of beeps) {
        const off = Math.min(...flashes.map((flash) => Math.abs(flash - beep)));
        // Cut in the middle of one or the other: the next file has it.
        if (beep - probed.sound.start > 0.2 && video - beep > 0.3)
          expect(off).toBeLessThan(kind.packet + SYNC);
      }
    }
  });

  it('is found again after a crash in the middle of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vigie-torn-'));
    try {
      for (const name of ['AAC', 'G.711 A'] as const) {
        const sizes = await Promise.all(
          (await recorded(name).files()).map(async (path) => ({ path, size: (await stat(path)).size })),
        );
        const [{ path: source, size } = { path: '', size: 0 }] = sizes.toSorted((a, b) => b.size - a.size);
        for (const cut of [1, 40, 700, Math.floor(size / 4)]) {
          const path = join(folder, 'torn.mp4');
          await copyFile(source, path);
          await truncate(path, size - cut);
          const walk = await repairSegmentFile(path);
          expect(walk?.fragments.length).toBeGreaterThan(0);
          const { video, sound } = await probe(path);
          // Decodes without an error to its end.
          await flashesAndBeeps(path);
          expect(Math.abs((video?.end ?? 0) - (sound?.end ?? 9))).toBeLessThan(0.3);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is known again to a catalog that is made from the files', async () => {
    const { storageRoot, catalog, camera } = recorded('AAC');
    const folder = await mkdtemp(join(tmpdir(), 'vigie-again-'));
    const again = await openSqliteCatalog({ path: join(folder, 'catalog.db') });
    try {
      const row = await again.putCamera(camera);
      const wall = (await catalog.lastSegment(camera.cameraNo))?.end as WallMicros;
      const clock = { wall: () => wall, mono: () => monoMicros(0) };
      const deps = { catalog: again, storageRoot, clock, onFinding: () => undefined };
      const report = await recover(deps, [row]);
      expect(report.recovered).toBeGreaterThan(1);
      const last = await again.lastSegment(row.cameraNo);
      const init = await again.init(last?.initNo ?? 0);
      expect(init?.codecs).toMatch(/^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
      const before = await catalog.lastSegment(camera.cameraNo);
      expect(init?.codecs).toBe((await catalog.init(before?.initNo ?? 0))?.codecs);
    } finally {
      await again.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  describeWith(['ffmpeg', 'ffprobe'], 'in a clip', () => {
    const servers = new Map<Name, RunningApi>();

    beforeAll(async () => {
      for (const name of ['AAC', 'G.711 A'] as const) {
        servers.set(name, await listen({ ...recorded(name), run: () => Promise.resolve([]) }));
      }
    });

    afterAll(async () => {
      for (const server of servers.values()) await server.close();
    });

    it.each(['AAC', 'G.711 A'] as const)('of %s is where it was, to the sample', async (name) => {
      const { files, camera, catalog } = recorded(name);
      const [row] = await catalog.runsBetween(camera.cameraNo, wallMicros(0), wallMicros(9e15));
      const start = row?.start as WallMicros;
      const whole = await offsets(await files());
      const folder = await mkdtemp(join(tmpdir(), 'vigie-clip-'));
      try {
        // Within a file, from its very beginning, over its end; not from a picture on.
        for (const [from, to] of [
          [1.313, 2.4],
          [0, 5.1],
          [2.513, 7.277],
        ] as const) {
          const at = (seconds: number): string => formatIso(wallMicros(start + seconds * 1e6));
          const url = `${servers.get(name)?.url}/api/cameras/${camera.id}/clip.mp4?from=${at(from)}&to=${at(to)}`;
          const path = join(folder, 'clip.mp4');
          await writeFile(path, Buffer.from(await (await fetch(url)).arrayBuffer()));
          const { video, sound } = await probe(path);
          expect(sound?.sampleRate).toBe(name === 'AAC' ? 16_000 : 8_000);
          expect(Math.abs((video?.end ?? 0) - (sound?.end ?? 9))).toBeLessThan(0.17);
          const { flashes, beeps } = await flashesAndBeeps(path);
          expect(beeps.length).toBeGreaterThan(0);
          for (const beep of beeps.filter((each) => each > 0.15)) {
            const flash = flashes.reduce((best, each) =>
              Math.abs(each - beep) < Math.abs(best - beep) ? each : best,
            );
            // As far apart as in the recording: each is told to 10 ms.
            expect(Math.abs(beep - flash - whole)).toBeLessThan(0.03);
          }
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

    it('is not in pictures', async () => {
      const { camera, catalog } = recorded('AAC');
      const [row] = await catalog.runsBetween(camera.cameraNo, wallMicros(0), wallMicros(9e15));
      const at = formatIso(wallMicros((row?.start ?? 0) + 2_500_000));
      const answer = await fetch(`${servers.get('AAC')?.url}/api/cameras/${camera.id}/frame.jpg?at=${at}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('image/jpeg');
    });

    describeWith(['chromium'], 'and in a browser', () => {
      let browser: Browser;
      let page: Page;

      beforeAll(async () => {
        browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
        // The server's pages run no scripts but their own.
        page = await browser.newPage({ bypassCSP: true });
      });

      afterAll(async () => {
        await browser?.close();
      });

      /** Plays the whole recording with hls.js, fast; what was decoded until it ended or got stuck. */
      async function play(name: Name, sound: 'on' | 'off'): Promise<Played> {
        const { url = '' } = servers.get(name) ?? {};
        const { camera, catalog } = recorded(name);
        const [row] = await catalog.runsBetween(camera.cameraNo, wallMicros(0), wallMicros(9e15));
        const range = `from=${formatIso(row?.start as WallMicros)}&to=${formatIso(row?.end as WallMicros)}`;
        await page.goto(`${url}/healthz`);
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('hls.js/light') });
        return page.evaluate<Played>(`(async () => {
          const video = document.createElement('video');
          video.muted = true;
          document.body.append(video);
          const problems = [];
          const hls = new Hls();
          hls.on(Hls.Events.ERROR, (_, data) => problems.push(data.details));
          hls.loadSource('/api/cameras/${camera.id}/hls/index.m3u8?${range}&sound=${sound}');
          hls.attachMedia(video);
          const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
          await new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true }));
          video.playbackRate = 2;
          await video.play();
          await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20000))]);
          const result = {
            ended: video.ended,
            at: video.currentTime,
            frames: video.getVideoPlaybackQuality().totalVideoFrames,
            soundBytes: video.webkitAudioDecodedByteCount,
            problems,
          };
          hls.destroy();
          video.remove();
          return result;
        })()`);
      }

      it('H.264 with AAC is played, and its sound', async () => {
        const played = await play('AAC', 'on');
        expect(played.problems).toEqual([]);
        expect(played.ended).toBe(true);
        expect(played.frames).toBeGreaterThan(150);
        expect(played.soundBytes).toBeGreaterThan(2_000);
      });

      it('the same is played without its sound where none is wanted', async () => {
        const played = await play('AAC', 'off');
        expect(played).toMatchObject({ problems: [], ended: true, soundBytes: 0 });
        expect(played.frames).toBeGreaterThan(150);
      });

      it('a sound that browsers cannot play does not stop the video', async () => {
        const played = await play('G.711 A', 'on');
        expect(played).toMatchObject({ problems: [], ended: true, soundBytes: 0 });
        expect(played.frames).toBeGreaterThan(150);
      });
    });
  });
});

interface Played {
  readonly ended: boolean;
  readonly at: number;
  readonly frames: number;
  readonly soundBytes: number;
  readonly problems: readonly string[];
}

/** How much later a beep is than its flash, seconds: in the middle of the beeps of all files. */
async function offsets(files: readonly string[]): Promise<number> {
  const all: number[] = [];
  for (const file of files) {
    const { flashes, beeps } = await flashesAndBeeps(file);
    for (const beep of beeps) {
      const flash = flashes.find((each) => Math.abs(each - beep) < 0.3);
      if (flash !== undefined) all.push(beep - flash);
    }
  }
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}

describeWith(['ffmpeg', 'ffprobe'], 'a camera whose sound', () => {
  it('K5 stops is recorded on, in a file that has none', async () => {
    const recording = await recordSound({
      ...{ sound: ['-c:a', 'aac'], sampleRate: 16_000, seconds: 9, soundSeconds: 4 },
    });
    try {
      const files = await recording.files();
      const probed = await Promise.all(files.map((file) => probe(file)));
      const heard = probed.map(({ sound }) => sound !== undefined);
      const silent = heard.indexOf(false);
      expect(silent).toBeGreaterThan(0);
      expect(heard.lastIndexOf(true)).toBe(silent - 1);
      expect(probed.reduce((sum, { video }) => sum + (video?.packets ?? 0), 0)).toBeGreaterThan(220);
      expect(probed[silent]?.video?.start).toBeCloseTo(probed[silent - 1]?.video?.end ?? -1, 3);
      const runs = await recording.catalog.runsBetween(
        recording.camera.cameraNo,
        wallMicros(0),
        wallMicros(9e15),
      );
      expect(runs).toHaveLength(1);
    } finally {
      await recording.close();
    }
  });

  it('must not be recorded has none anywhere', async () => {
    const recording = await recordSound({
      ...{ sound: ['-c:a', 'pcm_alaw', '-ac', '1'], sampleRate: 8_000, seconds: 4, audio: false },
    });
    try {
      for (const file of await recording.files()) {
        const { video, sound } = await probe(file);
        expect(sound).toBeUndefined();
        expect(video?.packets).toBeGreaterThan(50);
      }
    } finally {
      await recording.close();
    }
  });
});
