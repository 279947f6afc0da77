import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerValue, headerValues } from '../../src/rtsp/headers.ts';
import {
  answerServerRequest,
  buildRequest,
  buildResponse,
  MAX_BODY_BYTES,
  MAX_HEAD_BYTES,
  type ParsedHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  skipBlankLines,
} from '../../src/rtsp/message.ts';

function parse(text: string | Buffer): ParsedHead {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  // Not at the start of its buffer, and with foreign bytes after it, as in a socket's read buffer.
  const shared = Buffer.concat([Buffer.from('\r\nRTSP'), bytes, Buffer.from('\r\n\r\n')]);
  return parseResponseHead(shared, 6, 6 + bytes.length);
}

function response(text: string | Buffer): ResponseHead {
  const head = parse(text);
  return head.kind === 'response' ? head : expect.fail(`${head.kind}: ${JSON.stringify(head)}`);
}

function request(text: string | Buffer): RequestHead {
  const head = parse(text);
  return head.kind === 'request' ? head : expect.fail(`${head.kind}: ${JSON.stringify(head)}`);
}

describe('a message head', () => {
  it('is a response', () => {
    const text = 'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nContent-Length: 11\r\n\r\n';
    expect(response(`${text}hello world`)).toMatchObject({
      version: '1.0',
      status: 401,
      reason: 'Unauthorized',
      cseq: 2,
      contentLength: 11,
      headBytes: text.length,
    });
  });

  it('B6 may be a request of the camera', () => {
    expect(
      request('SET_PARAMETER rtsp://10.0.0.9/x RTSP/1.0\r\nCSeq: 41\r\nContent-Length: 3\r\n\r\nabc'),
    ).toMatchObject({ method: 'SET_PARAMETER', url: 'rtsp://10.0.0.9/x', cseq: 41, contentLength: 3 });
  });

  it.each([
    ['OPTIONS', 200],
    ['SET_PARAMETER', 405],
    ['ANNOUNCE', 405],
    ['SELFTEST', 501],
  ])('B6 %s of the camera is answered %i', (method, status) => {
    const answer = answerServerRequest(request(`${method} * RTSP/1.0\r\nCSeq: 9\r\nSession: 7F\r\n\r\n`));
    const head = response(answer);
    expect(head).toMatchObject({ status, cseq: 9 });
    expect(headerValue(head.headers, 'Session')).toBe('7F');
  });

  it('B6 a request without CSeq is answered without one', () => {
    expect(response(answerServerRequest(request('OPTIONS * RTSP/1.0\r\n\r\n'))).cseq).toBeUndefined();
  });

  it('B4 stray line ends before a message are part of its head', () => {
    const head = response('\r\n\r\n\nRTSP/1.0 200 OK\r\n\r\n');
    expect(head.headBytes).toBe(5 + 'RTSP/1.0 200 OK\r\n\r\n'.length);
    expect(skipBlankLines(Buffer.from('\r\n\r\n$\0'), 0, 6)).toBe(4);
    expect(parse('\r\n\r\n').kind).toBe('incomplete');
  });

  it('B7 a response without CSeq, or with one that is no number, has none', () => {
    expect(response('RTSP/1.0 200 OK\r\n\r\n').cseq).toBeUndefined();
    expect(response('RTSP/1.0 200 OK\r\nCSeq: none\r\n\r\n').cseq).toBeUndefined();
  });

  it.each(['CSeq: 5  ', 'Cseq: 5', 'cseq:5\t', 'CSEQ :5'])('B8 %j is the number 5', (line) => {
    expect(response(`RTSP/1.0 200 OK\r\n${line}\r\n\r\n`).cseq).toBe(5);
  });

  it('B8 CSeq is sent in exactly this case', () => {
    expect(buildRequest('OPTIONS', 'rtsp://h/', 3).toString()).toBe(
      'OPTIONS rtsp://h/ RTSP/1.0\r\nCSeq: 3\r\n\r\n',
    );
  });

  it.each(['RTSP/1.0 200', 'RTSP/1.0 200 ', 'rtsp/1.0  200', 'RTSP/1.0 200\t'])(
    'B9 status line %j',
    (line) => {
      expect(response(`${line}\r\nCSeq: 1\r\n\r\n`)).toMatchObject({ status: 200, reason: '', cseq: 1 });
    },
  );

  it('B10 headers without a blank, with many, repeated, continued, and noise between them', () => {
    const { headers } = response(
      'RTSP/1.0 401 No\r\nA:1\r\nB:    2   \r\na: 3\r\nno header\r\n: nameless\r\nC: x\r\n  y\r\n\tz\r\nD:\r\n__proto__: p\r\n\r\n',
    );
    expect(headerValues(headers, 'A')).toEqual(['1', '3']);
    expect(headerValue(headers, 'b')).toBe('2');
    expect(headerValue(headers, 'c')).toBe('x y z');
    expect(headerValue(headers, 'd')).toBe('');
    expect(headerValue(headers, '__proto__')).toBe('p');
    expect(headerValue(headers, 'constructor')).toBeUndefined();
    expect([...headers.keys()]).toHaveLength(5);
  });

  it('B10 line ends may be LF alone, or mixed', () => {
    expect(response('RTSP/1.0 200 OK\nCSeq: 4\r\nX: y\n\nbody')).toMatchObject({ cseq: 4, headBytes: 31 });
  });

  it.each([
    ['', 0],
    ['Content-Length: \r\n', 0],
    ['Content-Length: -1\r\n', 0],
    ['Content-length:  0012 \r\n', 12],
    ['Content-Length: 7\r\nContent-Length: 9\r\n', 7],
    [`Content-Length: ${MAX_BODY_BYTES}\r\n`, MAX_BODY_BYTES],
  ])('B11 length %j is %i bytes', (lines, contentLength) => {
    expect(response(`RTSP/1.0 200 OK\r\n${lines}\r\n`).contentLength).toBe(contentLength);
  });

  it.each(['many', '12 34', '0x10', String(MAX_BODY_BYTES + 1), '9'.repeat(40)])(
    'B11 length %s is refused with a reason',
    (length) => {
      expect(parse(`RTSP/1.0 200 OK\r\nContent-Length: ${length}\r\n\r\n`)).toMatchObject({
        kind: 'invalid',
        problem: expect.stringMatching(/Got/) as string,
      });
    },
  );

  it('B11 a head without an end is refused at the limit, and not before', () => {
    const endless = `RTSP/1.0 200 OK\r\n${`X: ${'y'.repeat(1_000)}\r\n`.repeat(MAX_HEAD_BYTES / 6)}`;
    expect(parse(endless.slice(0, MAX_HEAD_BYTES - 1)).kind).toBe('incomplete');
    expect(parse(endless.slice(0, MAX_HEAD_BYTES)).kind).toBe('invalid');
    expect(parse(`RTSP/1.0 200 ${'x'.repeat(5000)}`).kind).toBe('invalid');
    expect(parse('\r\n'.repeat(MAX_HEAD_BYTES / 2)).kind).toBe('invalid');
  });

  it.each(['$\0\0\x04abcd', '\0\0\0', 'RT\x01', 'A\x80\0', '\x80\x60ab', '1.0 200 OK\r\n'])(
    'B5 binary data is told apart at once: %j',
    (text) => {
      expect(parse(text).kind).toBe('invalid');
    },
  );

  it('says what answered when it was a web server', () => {
    expect(parse('HTTP/1.1 400 Bad Request\r\n\r\n')).toMatchObject({
      kind: 'invalid',
      problem: 'the answer is HTTP, not RTSP: this is probably not the RTSP port',
    });
    expect(parse('hello there\r\n\r\n').kind).toBe('invalid');
    expect(parse('RTSP/1.0 20 Hm\r\n\r\n').kind).toBe('invalid');
  });

  it('is incomplete at every byte before its end, and whole at the end', () => {
    const text = '\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 4\r\n\r\n';
    for (let length = 0; length < text.length; length++)
      expect(parse(text.slice(0, length)).kind).toBe('incomplete');
    expect(response(text).headBytes).toBe(text.length);
  });

  it('no value can start a header or a message of its own', () => {
    const bytes = buildRequest('PLAY', 'rtsp://h/\r\nEvil: 1', 1, {
      Session: 'a\r\n\r\nTEARDOWN',
      Range: undefined,
    });
    expect(bytes.toString()).toBe('PLAY rtsp://h/Evil: 1 RTSP/1.0\r\nCSeq: 1\r\nSession: aTEARDOWN\r\n\r\n');
  });

  it('counts its body in bytes', () => {
    expect(buildResponse(200, 'OK', 1, {}, 'é').toString()).toMatch(/Content-Length: 2\r\n\r\né$/);
  });
});

describe('print and parse', () => {
  const token = fc
    .stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,15}$/)
    .filter((name) => !/^(?:cseq|content-length)$/i.test(name));
  const value = fc.stringMatching(/^[!-~\xa1-\xff](?:[ -~\xa1-\xff]{0,20}[!-~\xa1-\xff])?$/);
  const headers = fc.uniqueArray(fc.tuple(token, value), {
    selector: ([name]) => name.toLowerCase(),
    maxLength: 8,
  });
  const cseq = fc.nat({ max: 999_999 });

  it('a request comes back', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Z][A-Z_]{0,15}$/),
        fc.stringMatching(/^[!-~]{1,40}$/),
        cseq,
        headers,
        fc.string(),
        (method, url, number, fields, body) => {
          const bytes = buildRequest(method, url, number, Object.fromEntries(fields), body);
          const head = request(bytes);
          expect(head).toMatchObject({ method, url, cseq: number, contentLength: Buffer.byteLength(body) });
          expect(bytes.subarray(head.headBytes).toString()).toBe(body);
          for (const [name, text] of fields) expect(headerValues(head.headers, name)).toEqual([text]);
        },
      ),
    );
  });

  it('a response comes back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        value,
        cseq,
        headers,
        (status, reason, number, fields) => {
          const head = response(buildResponse(status, reason, number, Object.fromEntries(fields)));
          expect(head).toMatchObject({ status, reason, cseq: number, contentLength: 0 });
          expect(head.headers.size).toBe(fields.length + 1);
        },
      ),
    );
  });

  it('any bytes are judged without throwing, and mutated messages too', () => {
    const message = Buffer.from(
      'RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: 1;timeout=60\r\nContent-Length: 4\r\n\r\nbody',
    );
    const mutations = fc.array(fc.tuple(fc.nat({ max: message.length - 1 }), fc.nat({ max: 255 })), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat({ max: 210 }),
        fc.nat({ max: 210 }),
        (bytes, a, b) => {
          const head = parseResponseHead(bytes, a, b);
          if (head.kind === 'response' || head.kind === 'request')
            expect(head.headBytes).toBeLessThanOrEqual(b - a);
        },
      ),
    );
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = Buffer.from(message);
        for (const [at, byte] of changes) bytes[at] = byte;
        const head = parse(bytes);
        if (head.kind === 'response') expect(head.contentLength).toBeLessThanOrEqual(MAX_BODY_BYTES);
      }),
    );
  });
});
