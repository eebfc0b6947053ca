import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { System, Visitor, launch } from './system.mjs';
import { PAGES, furnish, stir } from './pages.mjs';

/** Pictures of every page, in light, dark and at the width of a phone. */
const folder = fileURLToPath(new URL('../screenshots/', import.meta.url));
const LOOKS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
};

await mkdir(folder, { recursive: true });
const system = await System.start();
const browser = await launch();
try {
  await furnish(system);
  for (const [look, options] of Object.entries(LOOKS)) {
    const stranger = await Visitor.of(browser, system, null, options);
    await stranger.page.screenshot({ path: `${folder}login-${look}.png` });
    await stranger.close();
    const admin = await Visitor.of(browser, system, 'admin@harbor.example', options);
    await stir(system);
    for (const { name, show, ready, settle = 0 } of PAGES) {
      await admin.open(show);
      await ready(admin.page).catch(async (error) => {
        await admin.page.screenshot({ path: `${folder}failed.png` });
        throw new Error(`${name}, ${look}: ${admin.errors.join(' ')}`, { cause: error });
      });
      await admin.page.waitForTimeout(settle);
      await admin.page.screenshot({ path: `${folder}${name}-${look}.png`, fullPage: true, animations: 'disabled' });
    }
    await admin.close();
  }
  console.log(`Pictures of ${PAGES.length + 1} pages are in ${folder}`);
} finally {
  await browser.close();
  await system.close();
}
