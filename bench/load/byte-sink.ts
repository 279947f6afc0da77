/**
 * The least that receiving can cost on this machine: asks each camera as a recorder does, reads what comes, and throws
 * it away. What a recorder costs is told as a multiple of it, so that figures carry from one machine to another.
 *
 *   node bench/load/byte-sink.ts PORT CAMERAS tcp|udp
 *
 * Prints `{"ready":true}` when all have answered PLAY; ends with its input.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { cameraPath } from '../fleet/fleet-options.ts';

const READ_BYTES = 256 * 1024;
const [port, cameras, transport] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

/** One for all connections: what is in it is looked at before the next read, or not at all. */
const buffer = Buffer.alloc(READ_BYTES);

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
process.on('SIGINT', () => undefined);

async function receive(index: number): Promise<void> {
  const url = `rtsp://127.0.0.1:${port}/${cameraPath(index)}`;
  const how = transport === 'udp' ? await datagrams() : 'RTP/AVP/TCP;unicast;interleaved=0-1';
  const requests = [
    `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\n\r\n`,
    `SETUP ${url}/video RTSP/1.0\r\nCSeq: 2\r\nTransport: ${how}\r\n\r\n`,
    `PLAY ${url} RTSP/1.0\r\nCSeq: 3\r\n\r\n`,
  ];
  await new Promise<void>((resolve) => {
    let answered = 0;
    const socket = connect({
      ...{ port, host: '127.0.0.1' },
      onread: {
        buffer,
        callback(bytes) {
          if (answered === requests.length) return true;
          // The fleet answers each request in one piece, and only what is asked.
          if (buffer.subarray(0, bytes).includes('RTSP/1.0 200')) answered++;
          const request = requests[answered];
          if (request === undefined) resolve();
          else socket.write(request);
          return true;
        },
      },
    });
    socket.on('error', () => process.exit(1));
    socket.on('close', () => process.exit(1));
    socket.on('connect', () => socket.write(requests[0] as string));
  });
}

async function datagrams(): Promise<string> {
  const sockets = [createSocket('udp4'), createSocket('udp4')];
  const ports: number[] = [];
  for (const socket of sockets) {
    socket.on('message', () => undefined);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    ports.push(socket.address().port);
  }
  return `RTP/AVP;unicast;client_port=${ports.join('-')}`;
}

for (let index = 0; index < cameras; index++) await receive(index);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
