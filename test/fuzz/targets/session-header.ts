import { buildRequest, parseResponseHead } from '../../../src/rtsp/message.ts';
import { parseSession } from '../../../src/rtsp/session-header.ts';
import { type FuzzTarget, hold } from '../target.ts';

export const target: FuzzTarget = {
  name: 'session-header',
  tokens: [';', 'timeout', '=', 'timeout=60', ' ', '"', '0', '-1', '99999999999999999999', '\r\n', '\0'],
  run(bytes) {
    const session = parseSession(bytes.toString('latin1'));
    if (!session) return;
    hold(session.id !== '', 'a session has an id');
    const { timeoutSeconds } = session;
    hold(timeoutSeconds >= 1 && timeoutSeconds <= 86_400, `${timeoutSeconds} s is a time-out`);
    // The id comes back to the camera: it must not become a header of its own.
    const request = buildRequest('PLAY', 'rtsp://x/', 4, { Session: session.id });
    const read = parseResponseHead(request, 0, Math.min(request.length, 32 * 1024));
    if (request.length > 32 * 1024) return;
    hold(read.kind === 'request' && read.headBytes === request.length, 'a request stays one request');
    hold([...read.headers.keys()].join() === 'cseq,session', 'a request has the headers that it was given');
  },
};
