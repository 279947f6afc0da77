import type { Writable } from 'node:stream';
import { asStoreError } from '../storage/object-store.ts';
import type { SegmentBytes, SegmentReader } from '../storage/segment-reader.ts';
import { returnBlock, takeBlock } from './block-pool.ts';
import type { BytePart } from './byte-layout.ts';
import { planReads, type ReadStep } from './read-plan.ts';

export type PumpOutcome =
  | { readonly kind: 'sent' }
  /** The receiver went away or stopped reading. */
  | { readonly kind: 'gone'; readonly stalled: boolean }
  /** A segment is missing or shorter than the catalog says. */
  | { readonly kind: 'unreadable'; readonly key: string; readonly problem: string };

/** A player that is paused stops reading; after this its connection is given up, and it asks again with a Range. */
const STALL_MILLIS = 120_000;

/**
 * Writes parts to a sink, a block at a time: while one block is on its way to the socket the next is read, and a
 * third is not. Segments are opened when their turn comes and closed in every case. Does not end the sink.
 */
export async function pump(
  parts: Iterable<BytePart>,
  reader: SegmentReader,
  sink: Writable,
  options: {
    /** Called when the first bytes are handed to the sink. */
    readonly onStart?: () => void;
    readonly stallMillis?: number;
  } = {},
): Promise<PumpOutcome> {
  const gate = openGate(sink, options.stallMillis ?? STALL_MILLIS, options.onStart);
  const segments = openInTurn(reader);
  /** The block being written, until the socket has taken it. */
  let writing: Promise<boolean> = Promise.resolve(true);
  try {
    for (const step of planReads(parts)) {
      if (gate.gone) return gate.outcome();
      if (step.kind === 'memory') {
        if (!(await writing)) return gate.outcome();
        writing = gate.write([step.bytes]);
        continue;
      }
      const block = takeBlock();
      const problem = await segments.read(step, block);
      const taken = await writing;
      if (problem !== undefined) {
        returnBlock(block);
        return { kind: 'unreadable', key: step.key, problem };
      }
      if (!taken) {
        returnBlock(block);
        return gate.outcome();
      }
      writing = gate
        .write(step.slices.map((slice) => block.subarray(slice.start, slice.end)))
        .then((flushed) => {
          // After an abort the kernel may still hold the block: then it is left to the collector.
          if (flushed) returnBlock(block);
          return flushed;
        });
    }
    return (await writing) ? { kind: 'sent' } : gate.outcome();
  } finally {
    gate.close();
    await segments.close();
  }
}

interface Gate {
  readonly gone: boolean;
  /** True when the sink has let go of the memory, false when it is gone. */
  write(slices: readonly Uint8Array[]): Promise<boolean>;
  outcome(): PumpOutcome;
  close(): void;
}

/**
 * The writing side. A destroyed response never calls back, so its `close` event ends the wait as well; one waiter
 * at a time, and no promise that collects handlers for as long as a stream lives.
 */
function openGate(sink: Writable, stallMillis: number, onStart?: () => void): Gate {
  let started = false;
  let gone = sink.destroyed;
  let stalled = false;
  let waiter: ((flushed: boolean) => void) | undefined;
  const settle = (flushed: boolean): void => {
    const waiting = waiter;
    waiter = undefined;
    waiting?.(flushed);
  };
  const leave = (): void => {
    gone = true;
    settle(false);
  };
  const timer = setTimeout(() => {
    if (!waiter) return;
    stalled = true;
    leave();
    sink.destroy();
  }, stallMillis);
  sink.on('close', leave);
  sink.on('error', leave);
  return {
    get gone() {
      return gone;
    },
    write: (slices) =>
      new Promise((resolve) => {
        if (gone) {
          resolve(false);
          return;
        }
        waiter = resolve;
        timer.refresh();
        sink.cork();
        for (const [index, slice] of slices.entries()) {
          if (index < slices.length - 1) sink.write(slice);
          else sink.write(slice, (error) => (error ? leave() : settle(true)));
        }
        sink.uncork();
        if (!started) onStart?.();
        started = true;
      }),
    outcome: () => ({ kind: 'gone', stalled }),
    close() {
      clearTimeout(timer);
      sink.off('close', leave);
      // 'error' stays handled: a socket may still report one after the last byte was handed over.
    },
  };
}

interface SegmentInTurn {
  /** Fills the block; returns what is wrong with the segment, if anything. */
  read(step: Extract<ReadStep, { kind: 'file' }>, block: Buffer): Promise<string | undefined>;
  close(): Promise<void>;
}

function openInTurn(reader: SegmentReader): SegmentInTurn {
  let key = '';
  let segment: SegmentBytes | undefined;
  const close = async (): Promise<void> => {
    const closing = segment;
    segment = undefined;
    key = '';
    await closing?.close();
  };
  return {
    async read(step, block) {
      try {
        if (key !== step.key || !segment) {
          await close();
          segment = reader.open(step.key);
          key = step.key;
        }
        const bytes = await segment.read(block, 0, step.length, step.offset);
        return bytes < step.length ? `it ends at byte ${step.offset + bytes}` : undefined;
      } catch (error) {
        return asStoreError(error).message;
      }
    },
    close,
  };
}
