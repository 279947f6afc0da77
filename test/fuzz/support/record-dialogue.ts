import { type AddressInfo, connect, createServer } from 'node:net';
import { CameraHub } from '../../../src/ingest/camera-hub.ts';
import { createSourceMemory, openSource } from '../../../src/ingest/camera-source.ts';
import { RtmpInbox } from '../../../src/rtmp/rtmp-inbox.ts';
import { SlabPool } from '../../../src/media/slab-pool.ts';
import { CheckingRecorder } from './checking-recorder.ts';

/** Media after PLAY of which so much is kept. */
const MAX_MEDIA_BYTES = 12_000;

/** Views a camera through a relay and keeps what the camera says after each request. */
export async function recordDialogue(cameraPort: number, userPart: string, path: string): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  let isFull = (): void => undefined;
  const full = new Promise<void>((resolve) => {
    isFull = resolve;
  });
  const relay = createServer((client) => {
    const camera = connect(cameraPort, '127.0.0.1');
    client.on('data', (bytes) => {
      answers.push(Buffer.alloc(0));
      camera.write(bytes);
    });
    camera.on('data', (bytes: Buffer) => {
      answers.push(Buffer.concat([answers.pop() ?? Buffer.alloc(0), bytes]));
      client.write(bytes);
      if ((answers.at(-1)?.length ?? 0) >= MAX_MEDIA_BYTES) isFull();
    });
    for (const socket of [client, camera]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        camera.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  const pool = new SlabPool({ slabBytes: 65_536, budgetBytes: 2 ** 24 });
  const hub = new CameraHub({ pool, sink: new CheckingRecorder(), fragmentTicks: 90_000 });
  const source = openSource(
    {
      cameraNo: 1,
      audio: false,
      source: { kind: 'rtsp', url: `rtsp://${userPart}127.0.0.1:${port}/${path}` },
    },
    {
      ...{ readBuffer: Buffer.alloc(65_536), rtmp: new RtmpInbox(), timeoutMillis: 5_000 },
      udpPorts: undefined,
    },
    createSourceMemory(),
    hub,
    { onBytes: () => undefined, onEnd: () => undefined },
  );
  const failure = await source.play();
  if (failure) throw new Error(`The camera could not be recorded: ${failure.reason}.`);
  await full;
  const kept = answers.map((answer) => answer.subarray(0, MAX_MEDIA_BYTES));
  source.stop();
  await new Promise<void>((resolve) => relay.close(() => resolve()));
  return kept;
}
