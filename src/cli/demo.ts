import { join } from 'node:path';
import { DEFAULT_DETECT, DEFAULT_RETENTION, type CameraConfig, type DetectConfig } from '../config/config.ts';
import { DEMO_CAMERAS, demoClip } from '../simulator/demo-cameras.ts';
import { type SimulatorProcess, spawnSimulator } from '../simulator/spawn.ts';
import type { Logger } from '../telemetry/log.ts';

const RESTART_MILLIS = 2_000;
/**
 * All pictures are looked at: the demo cameras begin anew every eight seconds, so of their four key frames everything is
 * soon known, and nothing seems to move in them.
 */
const DETECT: DetectConfig = { ...DEFAULT_DETECT, frames: 'all' };

/** The virtual cameras of a first start, in a process of their own that is started again should it end. */
export async function startDemo(
  dataFolder: string,
  log: Logger,
): Promise<{ readonly cameras: readonly CameraConfig[]; stop(): Promise<void> }> {
  const options = (port: number) => ({
    cacheFolder: join(dataFolder, 'demo'),
    port,
    cameras: DEMO_CAMERAS.map(({ id, scene }) => ({ path: id, clip: demoClip(scene) })),
  });
  let running: SimulatorProcess = await spawnSimulator(options(0));
  const { port } = running;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    void running.ended.then(() => {
      if (stopping) return;
      log.warn('the demo cameras ended and are started again');
      timer = setTimeout(() => void revive(), RESTART_MILLIS);
    });
  };
  const revive = async (): Promise<void> => {
    try {
      // At the same port: the recorder has the addresses.
      running = await spawnSimulator(options(port));
      watch();
    } catch (error) {
      log.error({ err: error }, 'the demo cameras cannot be started again');
    }
  };
  watch();
  return {
    cameras: DEMO_CAMERAS.map(({ id, name }) => ({
      ...{ id, name, source: running.url(id), key: undefined, enabled: true },
      ...{ audio: false, priority: 'normal' as const, detect: DETECT },
      ffmpeg: { input: [], transcode: undefined },
      retention: DEFAULT_RETENTION,
      ...{ rtsp: {}, tls: undefined },
    })),
    async stop() {
      stopping = true;
      clearTimeout(timer);
      await running.stop();
    },
  };
}
