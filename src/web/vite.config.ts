import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  base: './',
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // The content security policy lets no data URL in where a script or style is expected.
    assetsInlineLimit: 0,
    // hls.js is most of it, and it is needed at once.
    chunkSizeWarningLimit: 1_000,
  },
});
