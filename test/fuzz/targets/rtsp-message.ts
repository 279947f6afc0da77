import {
  answerServerRequest,
  MAX_BODY_BYTES,
  MAX_HEAD_BYTES,
  parseResponseHead,
} from '../../../src/rtsp/message.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** What stands around a message in the shared read buffer. */
const BEFORE = Buffer.from('RTSP/1.0 200 OK\r\n\r\n');

/** One head, and our answer when it is a request of the camera: never more than one message, never its words as ours. */
export const target: FuzzTarget = {
  name: 'rtsp-message',
  maxBytes: 64 * 1024,
  tokens: [
    ...[
      '\r\n',
      '\n',
      '\r',
      '\r\n\r\n',
      '\r\n ',
      ':',
      ': ',
      'CSeq: ',
      'CSeq:',
      'Content-Length: ',
      'Session: ',
    ],
    ...[
      'RTSP/1.0 ',
      'RTSP/2.0',
      'HTTP/1.1',
      ' 200 OK',
      'OPTIONS ',
      'DESCRIBE ',
      'REDIRECT ',
      'rtsp://x/',
      '\t',
      '\0',
    ],
  ],
  run(bytes) {
    const buffer = Buffer.concat([BEFORE, bytes, BEFORE]);
    const end = BEFORE.length + bytes.length;
    const head = parseResponseHead(buffer, BEFORE.length, end);
    if (head.kind === 'invalid') hold(head.problem !== '', 'what is wrong is said');
    if (head.kind === 'incomplete') hold(bytes.length < MAX_HEAD_BYTES, 'a head does not grow without end');
    if (head.kind === 'invalid' || head.kind === 'incomplete') return;
    hold(head.headBytes > 0 && head.headBytes <= bytes.length, 'a head lies in its bytes');
    hold(head.contentLength >= 0 && head.contentLength <= MAX_BODY_BYTES, 'a body is bounded');
    hold(head.cseq === undefined || Number.isSafeInteger(head.cseq), 'a CSeq is a number');
    if (head.kind === 'response') {
      hold(head.status >= 0 && head.status <= 999, 'a status has three digits');
      return;
    }
    const answer = answerServerRequest(head);
    const read = parseResponseHead(answer, 0, answer.length);
    hold(read.kind === 'response' && read.headBytes === answer.length, 'the answer is one response');
    hold(read.cseq === head.cseq, 'the answer has the CSeq of the request');
    hold([200, 405, 501].includes(read.status), 'the answer has one of our statuses');
    const ours = new Set(['cseq', 'public', 'allow', 'session']);
    for (const name of read.headers.keys()) hold(ours.has(name), `header ${name} is none of ours`);
  },
};
