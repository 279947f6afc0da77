import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { bench } from './bench.ts';
import { camera } from './camera.ts';
import { city } from './city.ts';
import { motion } from './motion.ts';
import { recorder } from './recorder.ts';
import { storage } from './storage.ts';

/** By the name of its file in `grafana/dashboards`. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  city,
  camera,
  recorder,
  storage,
  motion,
  bench,
};

export const dashboardText = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`;
