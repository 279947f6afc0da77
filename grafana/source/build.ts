import { writeFileSync } from 'node:fs';
import { DASHBOARDS, dashboardText } from './dashboards.ts';

// What Grafana reads is written here and committed; a test compares the two.
for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  writeFileSync(new URL(`../dashboards/${name}.json`, import.meta.url), dashboardText(dashboard));
}
