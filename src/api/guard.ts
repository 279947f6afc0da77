import type { FastifyInstance } from 'fastify';
import { VigieError } from '../errors/catalog.ts';

/**
 * Until accounts exist, who may open a connection to the loopback address may see the cameras. A web page from
 * anywhere runs on that machine too, and can point its own name at 127.0.0.1 (DNS rebinding): then its requests are
 * same-origin to the browser. What gives them away is the Host header, which still holds that name.
 */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK_HOST.test(host);

/** The page loads nothing from elsewhere; hls.js runs its worker from a blob and feeds video through one. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Sent with every answer, the hijacked ones included, and errors too. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // No CORS header anywhere, and this keeps other sites from embedding footage without reading it.
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': PAGE_POLICY,
};

export function guardRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS);
    const host = request.headers.host ?? '';
    if (isLoopbackHost(host)) done();
    else done(new VigieError('VIGIE_HOST_REFUSED', { host: host.slice(0, 255) }));
  });
}
