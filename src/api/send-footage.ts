import type { FastifyReply, FastifyRequest } from 'fastify';
import { VigieError } from '../errors/catalog.ts';
import { type ByteLayout, partsIn } from '../playback/byte-layout.ts';
import { pump } from '../playback/byte-pump.ts';
import { readByteRange } from '../playback/byte-range.ts';
import { createSlots } from '../playback/slots.ts';
import { isUnchanged, rangeApplies } from './conditions.ts';
import type { ApiDeps, PlaybackRoute } from './deps.ts';

/** A body of known length that is sent as it is read. */
export interface Footage {
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Made only when a length or bytes are really needed. */
  layout(): Promise<ByteLayout>;
}

export type FootageSender = (request: FastifyRequest, reply: FastifyReply, footage: Footage) => Promise<void>;

/** Each holds at most three blocks of a megabyte and one open file. */
const STREAMS = 64;

/** Answers GET and HEAD with Range, If-Range and If-None-Match (RFC 9110). One sender a server: it holds the bound. */
export function createFootageSender(deps: ApiDeps): (route: PlaybackRoute) => FootageSender {
  const slots = createSlots({ what: 'streams', atOnce: STREAMS, waiting: STREAMS });

  const send = async (
    route: PlaybackRoute,
    request: FastifyRequest,
    reply: FastifyReply,
    footage: Footage,
  ): Promise<void> => {
    reply.headers({ ...footage.headers, etag: footage.etag, 'accept-ranges': 'bytes' });
    if (isUnchanged(request.headers['if-none-match'], footage.etag)) {
      await reply.code(304).send();
      return;
    }
    const layout = await footage.layout();
    // Range is defined for GET only (section 14.2).
    const asked =
      request.method === 'GET' && rangeApplies(request.raw.headersDistinct['if-range']?.[0], footage.etag);
    const found = readByteRange(asked ? request.headers.range : undefined, layout.size);
    if (found === 'outside') {
      reply.header('content-range', `bytes */${layout.size}`);
      const range = (request.headers.range ?? '').slice(0, 100);
      throw new VigieError('VIGIE_RANGE_UNSATISFIABLE', { range, size: layout.size });
    }
    const range = found === 'whole' ? { start: 0, end: layout.size } : found;
    if (found !== 'whole')
      reply.header('content-range', `bytes ${range.start}-${range.end - 1}/${layout.size}`);
    reply.header('content-length', range.end - range.start);

    // From here on the answer is written past the framework: its streams copy and queue what we hand over as blocks.
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(found === 'whole' ? 200 : 206, reply.getHeaders() as Record<string, string | number>);
    if (request.method === 'HEAD') {
      raw.end();
      return;
    }
    const outcome = await pump(partsIn(layout, range), deps.segments.reader, raw, {
      onStart: () => deps.onFirstByte?.(route, reply.elapsedTime / 1000),
    });
    if (outcome.kind === 'sent') {
      raw.end();
    } else if (outcome.kind === 'unreadable') {
      // The length was promised: only a cut connection tells the client that bytes are missing.
      request.log.warn(
        { key: outcome.key, problem: outcome.problem, url: request.url },
        'footage is unreadable',
      );
      raw.destroy();
    } else if (outcome.stalled) {
      request.log.info({ url: request.url }, 'a client stopped reading and was disconnected');
    }
  };

  return (route) => (request, reply, footage) => slots.run(() => send(route, request, reply, footage));
}
