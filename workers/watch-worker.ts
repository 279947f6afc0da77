import { parentPort, workerData } from 'node:worker_threads';
import { runSubStreamThread } from '../src/substream/sub-stream-thread.ts';
import type { SubStreamSetup } from '../src/substream/thread-messages.ts';

if (!parentPort) throw new Error('This file is the start of a worker thread, and is not run by itself.');
runSubStreamThread(parentPort, workerData as SubStreamSetup);
