import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describeWith } from '../support/components.ts';
import { type RunningVigie, startVigie, temporaryFolder, until } from '../support/vigie.ts';

const BUILD = fileURLToPath(new URL('../../bin/build-web.mjs', import.meta.url));

describeWith(['chromium'], 'a first start, in a real browser', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let vigie: RunningVigie;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    expect(spawnSync(process.execPath, [BUILD]).status).toBe(0);
    folder = await temporaryFolder();
    vigie = await startVigie({ folder: folder.path, args: ['--listen', '127.0.0.1:0'] });
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
    });
    await until('the demo cameras record', async () =>
      (await vigie.cameras()).every((camera) => camera.state === 'recording'),
    );
    await until('something is recorded', async () => (await recordedSeconds('quai-de-nuit')) > 8, 40);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await vigie?.stop();
    await folder?.remove();
  });

  async function recordedSeconds(id: string): Promise<number> {
    const { recorded } = await vigie.timeline(id, new Date(Date.now() - 3_600_000), new Date());
    return recorded.reduce((sum, { from, to }) => sum + (Date.parse(to) - Date.parse(from)) / 1000, 0);
  }

  /** What the video element shows: frames decoded so far, and in how many shades. As text: it runs in the page. */
  const video = () =>
    page.evaluate<{ readonly frames: number; readonly shades: number }>(`(() => {
      const element = document.querySelector('video');
      const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
      const context = canvas.getContext('2d');
      context.drawImage(element, 0, 0, 64, 36);
      const reds = context.getImageData(0, 0, 64, 36).data.filter((_, index) => index % 4 === 0);
      return { frames: element.getVideoPlaybackQuality().totalVideoFrames, shades: new Set(reds).size };
    })()`);

  const clock = async (): Promise<number> =>
    Date.parse((await page.getAttribute('[data-testid=clock]', 'datetime')) ?? '');

  it('lists the four cameras as recording', async () => {
    await page.goto(vigie.url);
    for (const id of ['rue-de-la-gare', 'place-du-marche', 'quai-de-nuit', 'pont-sous-la-pluie']) {
      await page.waitForSelector(`[data-testid=camera-${id}][data-state=recording]`);
    }
  });

  it('plays the latest by itself, and goes on with what is recorded while it plays', async () => {
    await until('a picture', async () => (await video()).frames > 25, 15);
    const before = await clock();
    expect(Date.now() - before).toBeLessThan(30_000);
    expect((await video()).shades).toBeGreaterThan(8);
    // Further than anything that was on disk when it began.
    await until('it has played on', async () => (await clock()) > before + 12_000, 30);
  });

  it('plays from where the timeline is clicked', async () => {
    await page.click('[data-testid=camera-quai-de-nuit]');
    await until('it plays', async () => (await video()).frames > 10, 15);
    await page.click('text=10 min');
    const { recorded } = await vigie.timeline('quai-de-nuit', new Date(Date.now() - 3_600_000), new Date());
    const start = Date.parse(recorded[0]?.from ?? '');
    const wanted = start + 2_000;
    const box = await page.locator('[data-testid=timeline]').boundingBox();
    if (!box) throw new Error('no timeline');
    // The page shows ten minutes, 4 % of them still to come.
    const to = Date.now() + 0.04 * 600_000;
    const x = ((wanted - (to - 600_000)) / 600_000) * box.width;
    await page.mouse.click(box.x + x, box.y + 50);
    const millisPerPixel = 600_000 / box.width;
    await until('it plays there', async () => {
      const at = await clock();
      return Math.abs(at - wanted) < 3_000 + 2 * millisPerPixel && (await video()).frames > 10;
    });
  });

  it('holds the footage that is shown, and lets it go again', async () => {
    await page.click('text=Hold footage');
    await page.fill('[name=reference]', 'PV 2026/117');
    await page.fill('[name=reason]', 'accident');
    await page.fill('[name=author]', 'A. Martin');
    await page.click('button:text-is("Hold")');
    await page.waitForSelector('text=/Held: .*PV 2026/');
    const list = await (await fetch(`${vigie.url}/api/holds`)).json();
    expect(list).toMatchObject({ holds: [{ camera: 'quai-de-nuit', author: 'A. Martin', active: true }] });
    await page.click('text=Release');
    await page.fill('[name=by]', 'B. Durand');
    await page.click('button:text-is("Release")');
    await page.waitForSelector('text=/Held: /', { state: 'detached' });
    expect(await page.textContent('[data-testid=storage]')).toMatch(/GB free/);
  });

  it('says that nothing is recorded, in the words of a person', async () => {
    const box = await page.locator('[data-testid=timeline]').boundingBox();
    if (!box) throw new Error('no timeline');
    await page.mouse.click(box.x + box.width - 3, box.y + 50);
    await page.waitForSelector('text=/Nothing is recorded/');
  });

  it('loads nothing that the content security policy refuses, and throws nothing', () => {
    expect(problems).toEqual([]);
  });
});
