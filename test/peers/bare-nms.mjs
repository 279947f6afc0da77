// node-media-server as it comes, on an open port: to show what the guard is for. Tells on standard output, a line of
// JSON each, what it does; asked "state" on standard input, how it is.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import NodeMediaServer from 'node-media-server';
import Context from 'node-media-server/src/core/context.js';
import logger from 'node-media-server/src/core/logger.js';

const [folder, key, wanted] = process.argv.slice(2);
const port = wanted === undefined ? await freePort() : Number(wanted);
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const server = new NodeMediaServer({
  bind: '127.0.0.1',
  rtmp: { port },
  store: { path: folder },
  record: { auto: false },
  auth: { publish: key !== '', play: false, secret: 'unused' },
});
logger.log = () => undefined;
const watched = new WeakSet();
server.on('prePublish', (session) => {
  session.broadcast.verifyAuth = (_secret, { streamQuery }) => streamQuery?.key === key;
});
for (const event of ['postPublish', 'donePublish', 'postPlay']) {
  server.on(event, (session) => {
    tell({ event, path: session.streamPath });
    if (event !== 'postPublish' || watched.has(session.broadcast)) return;
    watched.add(session.broadcast);
    const broadcast = session.broadcast.broadcastMessage;
    session.broadcast.broadcastMessage = (packet) => {
      broadcast(packet);
      const { codec_type, codec_id, flags, dts, pts, size, data } = packet;
      const last = data[size - 1];
      tell({ event: 'packet', codec_type, codec_id, flags, dts, pts, size, last });
    };
  });
}
await server.run();
// What it does not listen on by now, it has ended over.
server.rtmpServer.tcpServer.once('listening', () => tell({ event: 'listening', port }));
if (server.rtmpServer.tcpServer.listening) tell({ event: 'listening', port });

createInterface({ input: process.stdin }).on('line', () => {
  const players = [...Context.sessions.values()];
  tell({
    event: 'state',
    broadcasts: Context.broadcasts.size,
    external: process.memoryUsage().arrayBuffers,
    cached: [...Context.broadcasts.values()].reduce((sum, one) => sum + (one.flvGopCache?.size ?? 0), 0),
    unsent: players.reduce((sum, one) => sum + one.socket.writableLength, 0),
  });
});

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address();
      probe.close(() => resolve(free));
    });
  });
}
