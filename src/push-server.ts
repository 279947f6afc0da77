import type { MessagePort } from 'node:worker_threads';
import type { EnrolledCamera } from './camera-roster.ts';
import type { Config } from './config/config.ts';
import { RtmpService, type RtmpServiceObserver } from './rtmp/rtmp-service.ts';
import { APP } from './rtmp/stream-name.ts';

const USUAL_PORT = 1935;

/** Where encoders push to, as the server sees it. */
export interface PushServer {
  /** `rtmp://0.0.0.0:1935/live/<camera id>?key=…`, for people. */
  readonly url: string;
  /** Where the encoder of a camera pushes to, without its key. */
  address(cameraId: string): string;
  /** A line to a recording thread; `undefined` while the server is down. */
  connect(): MessagePort | undefined;
  problems(): Iterable<string>;
  stop(): Promise<void>;
}

/** @returns a sentence for the user when it cannot listen */
export async function startPushServer(options: {
  readonly listen: NonNullable<Config['rtmp']>;
  readonly cameras: readonly EnrolledCamera[];
  readonly observer: RtmpServiceObserver;
  /** Recording threads need new lines to it. */
  readonly onRestarted: () => void;
}): Promise<PushServer | string> {
  const { host, port } = options.listen;
  const cameras = options.cameras.flatMap(({ row, config: { key } }) =>
    key === undefined ? [] : [{ cameraNo: row.cameraNo, id: row.id, key }],
  );
  const service = new RtmpService({
    setup: { host, port, cameras },
    observer: options.observer,
    onRestarted: options.onRestarted,
  });
  const failed = await service.start();
  if (failed) {
    if (failed.code === 'EADDRINUSE')
      return `${host}:${port} is in use by another program: choose another one with rtmp.listen.`;
    return `Vigie cannot take pushed video on ${host}:${port}: ${failed.message}`;
  }
  const suffix = service.port === USUAL_PORT ? '' : `:${service.port}`;
  return {
    url: `rtmp://${host.includes(':') ? `[${host}]` : host}${suffix}/${APP}/<camera id>?key=…`,
    address: (cameraId) => `rtmp://<server>${suffix}/${APP}/${cameraId}?key=…`,
    connect: () => service.connect(),
    problems: () => service.problems(),
    stop: () => service.stop(),
  };
}
