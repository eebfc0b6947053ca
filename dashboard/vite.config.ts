import react from '@vitejs/plugin-react';
import { type Plugin, defineConfig } from 'vite';

/** From the client's sources: the dashboard is built without the client's own tools. */
const client = (file: string) => new URL(`../client/src/${file}`, import.meta.url).pathname;

/** Toasts come with a style sheet of their own, and insert it once more as an element, which the page's policy forbids. */
const withoutInsertedStyles: Plugin = {
  name: 'without-inserted-styles',
  transform: {
    filter: { id: /sonner/ },
    handler: (code) => code.replace(/^__insertCSS\(.*\);?$/m, ''),
  },
};

export default defineConfig({
  plugins: [react(), withoutInsertedStyles],
  resolve: {
    alias: [
      { find: /^@bellhop\/client$/, replacement: client('index.ts') },
      { find: /^@bellhop\/client\/react$/, replacement: client('react/index.ts') },
      { find: /^@bellhop\/client\/collection$/, replacement: client('collection/index.ts') },
    ],
    dedupe: ['react'],
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: Object.fromEntries(
      ['/ws', '/events', '/config.json'].map((path) => [
        path,
        { target: 'http://127.0.0.1:8081', ws: true, changeOrigin: false },
      ]),
    ),
  },
});
