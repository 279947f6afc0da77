import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { badCameras } from '../support/viewing.ts';
import { until } from '../support/vigie.ts';

const { cameraThat } = badCameras();
const PROGRAM = fileURLToPath(new URL('../support/reconnecting.ts', import.meta.url));
/** Code goes on being compiled for a while; a leak of 1 kB a reconnect would be more. */
const MARGIN_BYTES = 700_000;

interface Report {
  readonly resources: readonly string[];
  readonly heapBytes: number;
  readonly failures: number;
}

async function reconnected(url: string, count: number, transport: string): Promise<Report[]> {
  const args = ['--expose-gc', PROGRAM, url, `${count}`, transport];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Report);
}

/** One camera that is connected to again and again leaves no socket, no timer and no memory behind. */
describe('many reconnects', () => {
  it.each([
    ['ended by us, over TCP', 'tcp', 1_000],
    ['ended by us, over UDP', 'udp', 300],
    ['broken off by the camera', 'cut', 300],
  ])(
    '%s',
    async (_name, transport, count) => {
      const camera = await cameraThat({
        frames: 2,
        on: {
          PLAY: (talk) => {
            talk.right();
            if (transport === 'cut') talk.hangUp();
          },
        },
      });
      const [before, after] = await reconnected(camera.url(), count, transport);
      expect(after?.failures).toBe(0);
      expect(after?.resources).toEqual(before?.resources);
      expect((after?.heapBytes ?? 0) - (before?.heapBytes ?? 0)).toBeLessThan(MARGIN_BYTES);
      await until('nothing is open at the camera', () => camera.open() === 0);
    },
    180_000,
  );
});
