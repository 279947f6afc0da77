import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../peers/finite_gst.py', import.meta.url));

/** gst-rtsp-server, which sends each stream once, from its first access unit to its last. */
export interface GstCamera {
  readonly port: number;
  url(name: string, credentials?: string): string;
  /** Access units sent of each stream that has come to its end. */
  readonly sent: ReadonlyMap<string, number>;
  stop(): void;
}

/** @param streams a file and options by name, as test/peers/finite_gst.py takes them */
export async function startGstCamera(
  streams: Readonly<Record<string, string>>,
  credentials?: { readonly user: string; readonly password: string; readonly basic?: boolean },
): Promise<GstCamera> {
  const auth = credentials ? ['--auth', `${credentials.user}:${credentials.password}`] : [];
  if (credentials?.basic === true) auth.push('--basic');
  const names = Object.entries(streams).map(([name, path]) => `${name}=${path}`);
  const child: ChildProcess = spawn('/usr/bin/python3', [PROGRAM, ...auth, ...names], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const sent = new Map<string, number>();
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`gst-rtsp-server did not start: ${said}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [first = '', , count] = line.split(' ');
      if (first === 'ready') resolve(Number(line.split(' ')[1]));
      else sent.set(first, Number(count));
    });
  });
  return {
    port,
    url: (name, user) => `rtsp://${user === undefined ? '' : `${user}@`}127.0.0.1:${port}/${name}`,
    sent,
    stop: () => void child.kill('SIGKILL'),
  };
}

const LIVE_PROGRAM = fileURLToPath(new URL('../peers/live_gst.py', import.meta.url));

/** gst-rtsp-server with a pipeline a camera, each sending for as long as somebody watches. */
export async function startGstPipelines(
  pipelines: Readonly<Record<string, string>>,
): Promise<{ url(name: string): string; stop(): void }> {
  const child = spawn(
    '/usr/bin/python3',
    [LIVE_PROGRAM, ...Object.entries(pipelines).map(([name, pipeline]) => `${name}=${pipeline}`)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`gst-rtsp-server ended with ${status}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(Number(line.slice(6)));
    });
  });
  return {
    url: (name) => `rtsp://127.0.0.1:${port}/${name}`,
    stop: () => void child.kill('SIGKILL'),
  };
}
