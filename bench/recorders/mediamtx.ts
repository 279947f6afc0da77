import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cameraPath } from '../fleet/fleet-options.ts';
import { startChild } from './child.ts';
import { checkFolders } from './ffmpeg.ts';
import type { StartRecorder } from './recorder.ts';

const STOP_MILLIS = 30_000;
/** What it can serve besides, and need not here. */
const SERVERS = ['rtsp', 'rtmp', 'hls', 'webrtc', 'srt', 'api', 'metrics', 'playback'];

/** MediaMTX from the PATH, which pulls each camera and records it (`record: yes`), as fragmented MP4. */
export const startMediamtx: StartRecorder = async (load, fleet, folder) => {
  const config = join(folder, 'mediamtx.yml');
  await mkdir(join(folder, 'segments'));
  await writeFile(
    config,
    [
      'logLevel: warn',
      ...SERVERS.map((server) => `${server}: no`),
      'pathDefaults:',
      '  record: yes',
      `  recordPath: ${join(folder, 'segments')}/%path/%Y-%m-%d_%H-%M-%S-%f`,
      '  recordFormat: fmp4',
      '  recordSegmentDuration: 60s',
      `  rtspTransport: ${load.transport === 'udp' ? 'udp' : 'tcp'}`,
      'paths:',
      ...Array.from(
        { length: load.cameras },
        (_, index) => `  ${cameraPath(index)}: { source: "${fleet.url(index)}" }`,
      ),
      '',
    ].join('\n'),
  );
  const child = await startChild('mediamtx', [config], { cwd: folder });
  return {
    ...{ pids: [child.pid], url: undefined },
    died() {
      const end = child.ended();
      return end === undefined ? undefined : `mediamtx ended by itself (${end}): ${child.said()}`;
    },
    stop: () => child.stop(STOP_MILLIS),
    check: (check) => checkFolders(join(folder, 'segments'), load.fleet.encoding.codec, check),
  };
};
