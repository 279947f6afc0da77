import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join, normalize } from 'node:path';

export interface TestServer {
  readonly port: number;
  /** Requests it was asked. */
  readonly asked: readonly string[];
  close(): void;
}

/** An old camera: MJPEG in parts of one endless answer, so many pictures a second; may ask for a password. */
export async function serveMjpeg(
  pictures: readonly Buffer[],
  framesPerSecond: number,
  password?: { readonly user: string; readonly password: string },
): Promise<TestServer & { readonly sent: () => number }> {
  let sent = 0;
  const wanted =
    password && `Basic ${Buffer.from(`${password.user}:${password.password}`).toString('base64')}`;
  const server = createServer((request, response) => {
    if (wanted !== undefined && request.headers.authorization !== wanted) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="camera"' }).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=frontier' });
    let next = 0;
    const timer = setInterval(() => {
      const picture = pictures[next++ % pictures.length] as Buffer;
      response.write(`--frontier\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`);
      response.write(picture);
      response.write('\r\n');
      sent++;
    }, 1000 / framesPerSecond);
    response.on('close', () => clearInterval(timer));
  });
  return { ...(await listening(server)), sent: () => sent };
}

/** Files of a folder. */
export const serveFolder = (folder: string): Promise<TestServer> =>
  listening(
    createServer((request, response) => {
      const path = join(folder, normalize(decodeURI(request.url ?? '/').split('?')[0] ?? ''));
      void stat(path).then(
        (info) => {
          response.writeHead(200, { 'Content-Length': info.size });
          createReadStream(path).pipe(response);
        },
        () => response.writeHead(404).end(),
      );
    }),
  );

async function listening(server: Server): Promise<TestServer> {
  const asked: string[] = [];
  server.prependListener('request', (request) => void asked.push(request.url ?? ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port that nobody had a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

export async function freeTcpPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Runs until it is stopped: a sender, a segmenter. Ends with the tests at the latest. */
export function spawnTool(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore' });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  return child;
}
