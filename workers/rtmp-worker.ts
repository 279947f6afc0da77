import { parentPort, workerData } from 'node:worker_threads';
import type { RtmpSetup } from '../src/rtmp/rtmp-messages.ts';
import { runRtmpThread } from '../src/rtmp/rtmp-thread.ts';

if (!parentPort) throw new Error('This file is the start of a worker thread, and is not run by itself.');
await runRtmpThread(parentPort, workerData as RtmpSetup);
