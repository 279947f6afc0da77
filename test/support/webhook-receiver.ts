import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  /** `x-vigie-delivery`. */
  readonly id: string;
  readonly body: string;
  readonly json: { readonly type: string; readonly event: Record<string, unknown> };
  readonly headers: IncomingMessage['headers'];
  /** Whether the signature is that of the body with the secret. */
  readonly signed: boolean;
}

/** What the receiver does with the next message; it answers 204 where nothing else is said. */
export type Answer = (response: ServerResponse, request: IncomingMessage, received: Received) => void;

export interface WebhookReceiver {
  readonly port: number;
  readonly url: string;
  readonly received: readonly Received[];
  /** Connections that were ever made. */
  readonly connections: () => number;
  answer: Answer;
  close(): Promise<void>;
}

/** A receiver of webhooks as somebody else would write one: it computes the signature by itself. */
export async function startReceiver(
  secret: string,
  port = 0,
  tls?: { readonly key: string; readonly cert: string },
): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const [time, code] = String(request.headers['x-vigie-signature']).split(',');
      const wanted = createHmac('sha256', secret)
        .update(`${time?.slice(2)}.${body}`)
        .digest('hex');
      const message: Received = {
        ...{ id: String(request.headers['x-vigie-delivery']), body, headers: request.headers },
        json: JSON.parse(body) as Received['json'],
        signed: code === `v1=${wanted}` && Math.abs(Number(time?.slice(2)) - Date.now() / 1_000) < 60,
      };
      received.push(message);
      receiver.answer(response, request, message);
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const receiver: WebhookReceiver = {
    port: (server.address() as AddressInfo).port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    connections: () => connections,
    answer: (response) => void response.writeHead(204).end(),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
