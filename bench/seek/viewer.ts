import { type Browser, chromium, type Page } from 'playwright-core';
import { fileURLToPath } from 'node:url';

/** The library of the page, as the page has it. */
const HLS = fileURLToPath(new URL('../../node_modules/hls.js/dist/hls.light.min.js', import.meta.url));
/** A picture stands for 40 ms, and the one that is on at a moment began before it. */
const OFF_MILLIS = 100;
const GIVE_UP_MILLIS = 30_000;
const WINDOW_MILLIS = 3_600_000;
const DAY_MILLIS = 86_400_000;

/** Milliseconds from the click on. */
export interface Seek {
  readonly timeline: number;
  readonly playlist: number;
  /** Of the video itself. */
  readonly firstByte: number;
  readonly firstFrame: number;
  /** How far the first picture is from the moment that was asked for, milliseconds. */
  readonly off: number;
}

/** A browser that seeks as the page does: timeline, playlist, pieces, picture. */
export interface Viewer {
  /** @returns what went wrong instead, as a sentence */
  seek(camera: string, at: number): Promise<Seek | string>;
  close(): Promise<void>;
}

export async function openViewer(
  url: string,
  executablePath: string,
  giveUpMillis = GIVE_UP_MILLIS,
): Promise<Viewer> {
  const browser: Browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const context = await browser.newContext({ bypassCSP: true });
  const page: Page = await context.newPage();
  // Any answer of the server will do: what is wanted is its origin.
  await page.goto(`${url}/healthz`);
  await page.addScriptTag({ path: HLS });
  return {
    async seek(camera, at) {
      // As text: it runs in the page.
      const answer: unknown = await page.evaluate(
        `(${SEEK})(${JSON.stringify({ camera, at, window: WINDOW_MILLIS, day: DAY_MILLIS, giveUp: giveUpMillis, tolerance: OFF_MILLIS })})`,
      );
      return answer as Seek | string;
    },
    close: () => browser.close(),
  };
}

/** The player of src/web, without what is not for the eye. */
const SEEK = `async ({ camera, at, window: span, day, giveUp, tolerance }) => {
  const iso = (millis) => new Date(millis).toISOString();
  const began = performance.now();
  const since = () => performance.now() - began;
  const answer = await fetch('/api/cameras/' + camera + '/timeline?resolution=100000&from=' + iso(at) + '&to=' + iso(at + day));
  const { recorded } = await answer.json();
  if (!recorded || recorded.length === 0) return 'the timeline says that nothing is recorded';
  const timeline = since();
  const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  document.body.append(video);
  const hls = new Hls({ startPosition: -1, maxBufferLength: 20, backBufferLength: 30 });
  try {
    return await new Promise((resolve) => {
      const told = {};
      let last = 'no picture came within ' + giveUp / 1000 + ' s';
      setTimeout(() => resolve(last), giveUp);
      hls.on(Hls.Events.ERROR, (_event, { fatal, details }) => fatal && resolve('the player gave up: ' + details));
      hls.on(Hls.Events.MANIFEST_LOADED, () => { told.playlist ??= since(); });
      hls.on(Hls.Events.FRAG_LOADED, (_event, { frag }) => {
        if (frag.sn !== 'initSegment') told.firstByte ??= frag.stats.loading.first - began;
      });
      // The key frame before the moment may be shown first, until the player has come to the moment itself.
      const shown = (now, { mediaTime }) => {
        const firstFrame = since();
        const off = hls.playingDate ? hls.playingDate.getTime() - (video.currentTime - mediaTime) * 1000 - at : NaN;
        if (Math.abs(off) <= tolerance) resolve({ timeline, ...told, firstFrame, off });
        else {
          last = 'the picture that was shown is ' + Math.round(off) + ' ms off';
          video.requestVideoFrameCallback(shown);
        }
      };
      video.requestVideoFrameCallback(shown);
      hls.loadSource('/api/cameras/' + camera + '/hls/index.m3u8?sound=off&from=' + iso(at) + '&to=' + iso(at + span));
      hls.attachMedia(video);
    });
  } finally {
    hls.destroy();
    video.remove();
  }
}`;
