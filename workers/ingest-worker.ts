import { parentPort, workerData } from 'node:worker_threads';
import { runRecordingThread } from '../src/record/recording-thread.ts';
import type { ThreadSetup } from '../src/record/thread-messages.ts';

if (!parentPort) throw new Error('This file is the start of a worker thread, and is not run by itself.');
runRecordingThread(parentPort, workerData as ThreadSetup);
