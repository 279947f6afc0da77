import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HEAT, type EventState, type MotionWrite } from '../../src/catalog/motion.ts';
import { systemClock } from '../../src/time/clock.ts';
import { type WallMicros, wallMicros } from '../../src/time/units.ts';
import { listen, type RunningApi, statusView } from '../support/api.ts';
import { describeWith } from '../support/components.ts';
import { createRecording, type Recording } from '../support/recording.ts';
import { until } from '../support/vigie.ts';
import { encodeVideo } from '../support/video.ts';

const BUILD = fileURLToPath(new URL('../../bin/build-web.mjs', import.meta.url));
const WEB = fileURLToPath(new URL('../../dist/web', import.meta.url));
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** A real recording of four minutes, the real API over it, and the page in a real browser. */
describeWith(['chromium'], 'motion on the page', () => {
  let recording: Recording;
  let api: RunningApi;
  let browser: Browser;
  let page: Page;
  let start: WallMicros;
  const problems: string[] = [];
  const listeners = new Set<() => void>();

  const write = async (writes: readonly MotionWrite[]): Promise<void> => {
    expect(await recording.catalog.motion.apply(writes, systemClock.wall())).toEqual([]);
    for (const changed of listeners) changed();
  };
  const event = (seconds: number, length: number | null, more: Partial<EventState> = {}): MotionWrite => ({
    kind: 'event',
    tell: [],
    event: {
      ...{ cameraNo: recording.camera.cameraNo, kind: 'motion', continues: false, score: 0.12 },
      from: wallMicros(start + seconds * SECOND),
      to: length === null ? null : wallMicros(start + (seconds + length) * SECOND),
      ...{ box: { x: 0, y: 0, width: 0.2, height: 0.2 }, zones: ['parvis'] },
      ...more,
    },
  });

  beforeAll(async () => {
    expect(spawnSync(process.execPath, [BUILD]).status).toBe(0);
    recording = await createRecording('place');
    const video = await encodeVideo({ frames: 250, gop: 25 });
    start = wallMicros(Math.floor((systemClock.wall() - 6 * MINUTE) / MINUTE) * MINUTE);
    await recording.run(video, {
      start,
      framesPerSegment: [1_500, 1_500, 1_500, 1_500],
      framesPerFragment: 25,
    });
    const view = statusView('place', 'Place');
    // It is recorded no more: of the present there is no picture.
    const gone = {
      ...view,
      status: { ...view.status, state: 'offline' as const, reason: 'the camera is gone' },
    };
    api = await listen(recording, {
      webRoot: WEB,
      cameras: { list: () => [gone], get: () => gone },
      events: {
        onChange(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    });
    const heat = new Uint8Array(HEAT.columns * HEAT.rows).fill(200, 0, 3);
    // Three of the four minutes were looked at, and in the second one something moved in the upper left.
    await write([
      ...[0, 1, 2].map(
        (minute): MotionWrite => ({
          kind: 'looked',
          looked: {
            ...{
              cameraNo: recording.camera.cameraNo,
              minute: wallMicros(start + minute * MINUTE),
              passed: 15,
            },
            ...{ pictures: 15, moving: minute === 1 ? 12 : 0, heat: minute === 1 ? heat : null },
          },
        }),
      ),
      event(70, 20),
      event(150, 30, { kind: 'covered', score: 1, box: null, zones: [] }),
    ]);
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
    });
    await page.goto(api.url);
    await page.click('text=10 min');
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await api?.close();
    await recording?.close();
  });

  const clock = async (): Promise<number> =>
    Date.parse((await page.getAttribute('[data-testid=clock]', 'datetime')) ?? '') * 1_000;
  /** Of the timeline at a moment, `down` pixels from its top: red, green, blue. */
  const pixel = async (at: number, down: number): Promise<readonly number[]> => {
    const wanted = at / 1_000;
    return page.evaluate<readonly number[]>(`(() => {
      const canvas = document.querySelector('[data-testid=timeline]');
      const [from, to] = ['min', 'max'].map((end) => Number(canvas.getAttribute('aria-value' + end)));
      const x = (${wanted} - from) / (to - from) * canvas.width;
      const scale = canvas.height / 104;
      return [...canvas.getContext('2d').getImageData(Math.round(x), Math.round(${down} * scale), 1, 1).data].slice(0, 3);
    })()`);
  };
  const colour = (hex: string): readonly number[] =>
    [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));

  it('tells still, moving and not looked at apart', async () => {
    const minute = (index: number): number => start + index * MINUTE + 31 * SECOND;
    await until('motion is drawn', async () => {
      const seen = await pixel(minute(1), 75);
      return seen.join() === colour('#63e0b4').join();
    });
    expect(await pixel(minute(0), 75)).toEqual(colour('#1f6f5c'));
    expect(await pixel(minute(2), 75)).toEqual(colour('#1f6f5c'));
    expect([colour('#3a4654').join(), colour('#566475').join()]).toContain(
      (await pixel(minute(3), 75)).join(),
    );
  });

  it('marks what happened, says what it was, and plays it from two seconds before', async () => {
    const marks = page.locator('[data-testid=event-mark]');
    await until('both marks are there', async () => (await marks.count()) === 2);
    const covered = page.locator('[data-testid=event-mark][data-kind=tampering]');
    await covered.hover();
    expect(await page.textContent('[role=tooltip]')).toMatch(/^Camera covered · \d\d:\d\d:\d\d, 30 s$/);
    const motion = page.locator('[data-testid=event-mark][data-kind=motion]');
    await motion.hover();
    expect(await page.textContent('[role=tooltip]')).toMatch(
      /^Motion · .*, 20 s · 12 % of the picture · parvis$/,
    );
    // Its picture, of the very footage.
    await page.waitForSelector('[role=tooltip] img');
    await motion.click();
    await until('it plays there', async () => {
      const at = await clock();
      return at >= start + 67.9 * SECOND && at < start + 75 * SECOND;
    });
  });

  it('lists what happens as it happens, and plays it', async () => {
    await page.waitForSelector('.live[data-live=true]');
    await write([event(200, null)]);
    const row = page.locator('.event', { hasText: 'now' });
    await row.waitFor();
    await page.waitForSelector('[data-testid=camera-place] .moving');
    await write([event(200, 25)]);
    await until(
      'it has ended',
      async () => (await page.locator('.event').first().textContent())?.includes('25 s') ?? false,
    );
    expect(await page.locator('.event').count()).toBe(3);
    await page.waitForSelector('[data-testid=camera-place] .moving', { state: 'detached' });
    await page.locator('.event').first().click();
    await until('it plays there', async () => {
      const at = await clock();
      return at >= start + 197.9 * SECOND && at < start + 205 * SECOND;
    });
    await page.selectOption('[aria-label="Kinds of events"]', 'tampering');
    expect(await page.locator('.event').allTextContents()).toEqual([
      expect.stringMatching(/^Camera covered/),
    ]);
    await page.selectOption('[aria-label="Kinds of events"]', 'all');
  });

  it('searches in a rectangle that is drawn on the picture', async () => {
    const draw = async (from: number, to: number): Promise<void> => {
      await page.click('[data-testid=search-region]');
      const box = await page.locator('[data-testid=region-area]').boundingBox();
      if (!box) throw new Error('there is nothing to draw on');
      await page.mouse.move(box.x + from * box.width, box.y + from * box.height);
      await page.mouse.down();
      await page.mouse.move(box.x + to * box.width, box.y + to * box.height, { steps: 4 });
      await page.mouse.up();
      await page.waitForSelector('[data-testid=region]');
    };
    const marks = () => page.locator('[data-testid=event-mark][data-kind=motion]').count();
    // Where nothing moved: what has no place is shown all the same.
    await draw(0.6, 0.9);
    await until('motion elsewhere is not shown', async () => (await marks()) === 0);
    expect(await page.locator('[data-testid=event-mark]').count()).toBe(1);
    expect(await pixel(start + 91 * SECOND, 75)).toEqual(colour('#1f6f5c'));
    await page.click('[data-testid=search-region]');
    await until('everything is shown again', async () => (await marks()) === 2);
    await draw(0.01, 0.1);
    await until('motion there is shown', async () => {
      return (
        (await marks()) === 2 && (await pixel(start + 91 * SECOND, 75)).join() === colour('#63e0b4').join()
      );
    });
    await page.click('[data-testid=search-region]');
    await page.waitForSelector('[data-testid=region]', { state: 'detached' });
  });

  it('throws nothing, and loads nothing that is refused', () => {
    expect(problems).toEqual([]);
  });
});
